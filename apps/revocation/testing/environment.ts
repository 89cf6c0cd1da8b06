import { randomBytes } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createStatusState, type StatusFeed } from "@seb/authority";
import { createFileFloor, createLocalFeed, type EmbeddedStore, openEmbeddedStore } from "@seb/authority/embedded";
import { base32Id } from "@seb/canonical";
import { packBundle } from "@seb/catalogue";
import { createRefusalLog, openChain, type RecordChain } from "@seb/records";
import { createFileHeads, createFileSink } from "@seb/records/embedded";
import type { OrderBody, OrderClaims, Result, StatusClaims } from "@seb/schema";
import { createSealer, generateKeyFile, type KeyFile, publicOf, type Sealer, signTrust } from "@seb/seal";
import { createLog, createMetrics } from "@seb/service-kit";
import { type Trust, verifyTrust } from "@seb/verify-core";
import type { RevocationConfig } from "../src/config.js";
import type { RevocationPorts } from "../src/ports.js";

export const START_MS = 1_800_000_000_000;
const AUDIENCE = "env:test";
const OWNERS = ["revocation:test", "revocation-1", "alice", "bob", "carol"] as const;
const ROLES = {
  "revocation:test": "status",
  "revocation-1": "record",
  alice: "order",
  bob: "order",
  carol: "order",
} as const;

export const config: RevocationConfig = {
  ver: 1,
  instance: "revocation-1",
  environment: AUDIENCE,
  host: "127.0.0.1",
  port: 0,
  heartbeat_ms: 50,
  journal_timeout_ms: 500,
};

/** The value of a success. */
export function need<T>(result: Result<T>): T {
  if (!result.ok) throw new Error(`${result.error.code}: ${result.error.detail}`);
  return result.value;
}

async function makeKeys() {
  const owner = await generateKeyFile("owner", "owner-1");
  const files = new Map<string, KeyFile>();
  for (const name of OWNERS) files.set(name, await generateKeyFile(ROLES[name], name));
  const seconds = START_MS / 1000;
  const validity = { nbf: seconds - 1e6, exp: seconds + 1e6 };
  const keys = OWNERS.map((name) => {
    const { kid, jwk } = publicOf(fileOf(files, name));
    return { kid, role: ROLES[name], name, jwk, aud: AUDIENCE, ...validity };
  });
  const { kid, jwk } = publicOf(owner);
  const payload = { ver: 1 as const, version: 1, iat: validity.nbf, exp: validity.exp, owners: [jwk], keys };
  const text = await signTrust(payload, [owner]);
  const trust = need(await verifyTrust(text, { owners: [kid], threshold: 1, minVersion: 0 }, seconds));
  return { files, trust };
}

function fileOf(files: ReadonlyMap<string, KeyFile>, name: string): KeyFile {
  const file = files.get(name);
  if (file === undefined) throw new Error(`no key of ${name}`);
  return file;
}

/** Packs the example control folder, with `extra` appended to its policies. */
function packed(extra: string) {
  const folder = join(import.meta.dirname, "../../../examples/control");
  const paths = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
  const files = Object.fromEntries(paths.map((path) => [path.slice(folder.length + 1), readFileSync(path, "utf8")]));
  return need(packBundle({ ...files, "policy/95-extra.cedar": extra }));
}

/** Stands still until moved. */
export function manualClock() {
  const clock = {
    wall: START_MS,
    mono: 1000,
    nowMs: () => clock.wall,
    monotonicMs: () => clock.mono,
    pass(ms: number) {
      clock.wall += ms;
      clock.mono += ms;
    },
  };
  return clock;
}

/** A folder, keys, operators, two bundles, a feed that outlives services, and a clock. */
export async function environment() {
  const folder = await mkdtemp(join(tmpdir(), "seb-revocation-"));
  const { files, trust } = await makeKeys();
  const clock = manualClock();
  const [one, two] = [packed(POLICY("first")), packed(POLICY("second"))];
  const bundles = new Map([one, two].map(({ digest, text }) => [digest, text]));
  const operators = {
    alice: need(await createSealer("order", files.get("alice"))),
    bob: need(await createSealer("order", files.get("bob"))),
    carol: need(await createSealer("order", files.get("carol"))),
  };
  const order = (by: keyof typeof operators, body: OrderBody, over: Partial<OrderClaims> = {}) =>
    operators[by].seal(orderClaims(by, body, clock.wall, over));
  return {
    folder,
    /** Thumbprint of an owner's key. */
    kidOf: (name: (typeof OWNERS)[number]) => publicOf(fileOf(files, name)).kid,
    trust,
    clock,
    bundles,
    one: one.digest,
    two: two.digest,
    operators,
    order,
    feed: createLocalFeed(),
    statusSealer: need(await createSealer("status", files.get("revocation:test"))),
    recordSealer: need(await createSealer("record", files.get("revocation-1"))),
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}
export type Environment = Awaited<ReturnType<typeof environment>>;

const POLICY = (name: string) => `
@id("${name}-only")
@rank("95")
forbid (principal, action, resource) when { context.tier == 3 };
`;

function orderClaims(by: string, order: OrderBody, nowMs: number, over: Partial<OrderClaims>): OrderClaims {
  const iat = Math.floor(nowMs / 1000);
  const jti = base32Id("o_", randomBytes(17));
  return { ver: 1, jti, aud: AUDIENCE, sub: by, iat, exp: iat + 300, order, reason: "a test", ...over };
}

/** The adapters of one life of the service; `over` replaces ports to inject failures. */
export interface Life {
  readonly ports: RevocationPorts;
  readonly chain: RecordChain;
  close(): Promise<void>;
}

export async function openLife(
  env: Environment,
  store: EmbeddedStore,
  over: (ports: RevocationPorts) => Partial<RevocationPorts> = () => ({}),
): Promise<Life> {
  const { trust, clock, folder } = env;
  const sink = createFileSink({ folder: join(folder, "records") });
  const heads = createFileHeads({ folder: join(folder, "heads") });
  const sealer: Sealer<"record"> = env.recordSealer;
  const chain = need(await openChain({ sink, heads, sealer, trust, writer: "revocation-1", clock }));
  const refusals = createRefusalLog({ chain, clock });
  const ports: RevocationPorts = {
    trust: () => trust,
    sealer: env.statusSealer,
    chain,
    refusals,
    writer: store.writer,
    feed: env.feed,
    bundles: { get: async (digest) => env.bundles.get(digest) },
    clock,
    log: createLog({ name: "revocation", level: "silent" }),
    metrics: createMetrics("revocation"),
  };
  return {
    ports: { ...ports, ...over(ports) },
    chain,
    async close() {
      await refusals.stop();
      await chain.close();
      await sink.close();
      await heads.close();
    },
  };
}

export const openStore = async (env: Environment) =>
  need(await openEmbeddedStore({ folder: join(env.folder, "store") }));

/** A receiver of the feed, as signer and broker have one. */
export function receiver(env: { trust: Trust; clock: Environment["clock"]; feed: StatusFeed; folder: string }) {
  const { trust, clock, feed, folder } = env;
  const floor = createFileFloor(join(folder, "receiver", "floor.json"));
  const state = createStatusState({ trust: () => trust, audience: AUDIENCE, clock, feed, floor });
  return {
    state,
    async status(): Promise<StatusClaims> {
      await state.settled();
      return need(state.current());
    },
  };
}
