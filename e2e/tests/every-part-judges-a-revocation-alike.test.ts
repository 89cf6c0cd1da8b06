import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { type RunningRedis, startRedis } from "@seb/testkit";
import fc from "fast-check";
import { REVOCATION_VERDICTS_MAIN, ROOT } from "../harness/build.js";

type Verdicts = Readonly<Record<"certificate" | "granted" | "caller", Readonly<Record<string, string>>>>;
interface Target {
  readonly kind: string;
  readonly value: string;
}

/** One word for a policy, an action, a service and a region: what names one of them must not name the others. */
const NAMES = ["a", "b", "constructor"];
const SUBJECTS = NAMES.map((name) => `agent:${name}`);
const KEYS = ["j", "k", "l"].map((letter) => letter.repeat(43));
const CERTIFICATES = ["a", "b"].map((letter) => `c_${letter.repeat(26)}`);
const BUNDLES = ["1", "2"].map((digit) => `sha256:${digit.repeat(64)}`);
/** What nothing in a view names: asked of a store about something that has no such part. */
const NOTHING = { jti: `c_${"z".repeat(26)}`, name: "nothing", resource: "service:nothing/region:nothing" };

const name = fc.constantFrom(...NAMES);
const valuesOf: Readonly<Record<string, fc.Arbitrary<string>>> = {
  everything: fc.constant("*"),
  certificate: fc.constantFrom(...CERTIFICATES),
  subject: fc.constantFrom(...SUBJECTS),
  key: fc.constantFrom(...KEYS),
  policy: name,
  bundle: fc.constantFrom(...BUNDLES),
  action: name,
  resource: fc
    .tuple(fc.constantFrom("*", ...NAMES), fc.constantFrom("*", ...NAMES))
    .map(([service, region]) => `service:${service}/region:${region}`),
};
const KINDS = Object.keys(valuesOf);
const target: fc.Arbitrary<Target> = fc
  .oneof(...KINDS.map((kind) => ({ weight: kind === "everything" ? 1 : 6, arbitrary: fc.constant(kind) })))
  .chain((kind) => (valuesOf[kind] ?? fc.constant("*")).map((value) => ({ kind, value })));

/** Floors, counted from the last sample's: epochs never fall. */
const floors = fc.record({ global: fc.nat({ max: 2 }), each: fc.tuple(fc.nat({ max: 2 }), fc.nat({ max: 2 })) });
/** What a certificate has against its floor; mostly it is current. */
const drift = fc.oneof({ weight: 6, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.constantFrom(-1, 1) });

const sample = fc.record({
  standing: fc.array(fc.record({ target, until: fc.option(fc.constantFrom(1, 4_000_000_000)) }), { maxLength: 4 }),
  floors,
  drift: fc.record({ global: drift, subject: drift, policy: drift }),
  cert: fc.constantFrom(...CERTIFICATES),
  sub: fc.constantFrom(...SUBJECTS),
  jkt: fc.constantFrom(...KEYS),
  signer: fc.constantFrom(...KEYS),
  policy: name,
  also: fc.array(name, { maxLength: 2 }),
  bundle: fc.constantFrom(...BUNDLES),
  action: name,
  service: name,
  region: name,
});
type Sample = typeof sample extends fc.Arbitrary<infer T> ? T : never;

/** The view and the certificate of a sample; `turn` keeps sequences and epochs rising from one to the next. */
function questionOf(it: Sample, turn: number) {
  const base = turn * 10;
  const [subjects, policies] = it.floors.each;
  const all = (names: readonly string[], value: number) => Object.fromEntries(names.map((of) => [of, value]));
  const epochs = {
    global: base + it.floors.global,
    subject: { ...all(SUBJECTS, base + subjects), "agent:nothing": base },
    policy: { ...all(NAMES, base + policies), nothing: base },
  };
  const standing = it.standing.map(({ target: named, until }, place) => ({
    ...{ target: named, order: `o_${"abcd".charAt(place).repeat(26)}`, by: "alice", reason: "a test", at_ms: place },
    ...(until === null ? {} : { until }),
  }));
  const claims = {
    ...{ jti: it.cert, sub: it.sub, bundle: it.bundle, action: it.action, exp: 1_700_000_090, contract: {} },
    resource: `service:${it.service}/region:${it.region}`,
    cnf: { jkt: it.jkt },
    policy: { id: it.policy, also: it.also, epoch: base + policies + it.drift.policy },
    epochs: { global: epochs.global + it.drift.global, subject: base + subjects + it.drift.subject },
  };
  const granted = {
    ...claims,
    jti: NOTHING.jti,
    policy: { ...claims.policy, epoch: base + policies },
    epochs: { global: epochs.global, subject: base + subjects },
  };
  const policy = { id: NOTHING.name, also: [], epoch: base };
  const caller = { ...granted, policy, action: NOTHING.name, resource: NOTHING.resource };
  const view = { seq: turn, generation: 1, epochs, bundle: null, standing };
  return { view, claims, granted, caller, signerKid: it.signer };
}

/** The rule once more, written for this test alone: part by part, without lists of names or patterns. */
function names({ kind, value }: Target, it: Sample): boolean {
  if (kind === "everything") return true;
  if (kind === "certificate") return it.cert === value;
  if (kind === "subject") return it.sub === value;
  if (kind === "key") return it.jkt === value || it.signer === value;
  if (kind === "policy") return it.policy === value;
  if (kind === "bundle") return it.bundle === value;
  if (kind === "action") return it.action === value;
  const [, service, region] = /^service:(.*)\/region:(.*)$/.exec(value) ?? [];
  return (service === "*" || service === it.service) && (region === "*" || region === it.region);
}

const ORDER = ["everything", "certificate", "subject", "key", "policy", "bundle", "action", "resource"];
function revokedBy(it: Sample, kinds: readonly string[]): string | undefined {
  const met = it.standing.map(({ target: named }) => named).filter((named) => names(named, it));
  const kind = kinds.find((one) => met.some((named) => named.kind === one));
  return kind === undefined ? undefined : `revoked_${kind}`;
}
function epochVerdict({ drift: { global, subject, policy } }: Sample): string {
  if (global < 0 || subject < 0 || policy < 0) return "epoch_stale";
  return global > 0 || subject > 0 || policy > 0 ? "epoch_ahead" : "ok";
}

let redis: RunningRedis;
let folder: string;
let parts: ChildProcess;
let answers: AsyncIterator<string>;
let errors = "";
beforeAll(async () => {
  redis = await startRedis();
  folder = mkdtempSync(join(tmpdir(), "seb-verdicts-"));
  parts = spawn(process.execPath, [REVOCATION_VERDICTS_MAIN, redis.url, folder], {
    env: { PATH: process.env.PATH, SEB_ROOT: ROOT },
    stdio: ["pipe", "pipe", "pipe"],
  });
  parts.stderr?.setEncoding("utf8").on("data", (chunk: string) => {
    errors += chunk;
  });
  if (parts.stdout === null) throw new Error("no output");
  answers = createInterface({ input: parts.stdout })[Symbol.asyncIterator]();
});
afterAll(async () => {
  parts?.kill();
  await redis?.dispose();
  rmSync(folder, { recursive: true, force: true });
});

async function ask(question: ReturnType<typeof questionOf>): Promise<Verdicts> {
  parts.stdin?.write(`${JSON.stringify(question)}\n`);
  const answer = await answers.next();
  if (answer.done) throw new Error(`the parts ended: ${errors}`);
  return JSON.parse(answer.value);
}

describe("a revocation and a raised epoch", () => {
  it("are judged alike, with the same code, by both stores, guard, recall, signer and reader", async () => {
    let turn = 0;
    const seen = new Map<string, Set<string>>();
    await fc.assert(
      fc.asyncProperty(sample, async (it) => {
        turn += 1;
        const verdicts = await ask(questionOf(it, turn));
        const expected: Readonly<Record<string, string>> = {
          certificate: revokedBy(it, ORDER) ?? epochVerdict(it),
          granted: revokedBy({ ...it, cert: "" }, ORDER) ?? "ok",
          caller: revokedBy({ ...it, signer: it.jkt }, ["everything", "subject", "key", "bundle"]) ?? "ok",
        };
        // A store is asked in the name of a certificate, which has some resource; a caller has none that a pattern could cover.
        const everywhere = it.standing.some(({ target: named }) => named.value === "service:*/region:*");
        const inStores = expected.caller === "ok" && everywhere ? "revoked_resource" : expected.caller;
        const { reader, ...stores } = verdicts.caller;
        expect({ reader, ...stores }).toEqual({ reader: expected.caller, redis: inStores, embedded: inStores });
        seen.set("caller", (seen.get("caller") ?? new Set()).add(expected.caller ?? ""));
        for (const what of ["certificate", "granted"] as const) {
          const by = verdicts[what];
          const all = Object.fromEntries(Object.keys(by).map((part) => [part, expected[what]]));
          expect({ what, ...by }).toEqual({ what, ...all });
          seen.set(what, (seen.get(what) ?? new Set()).add(expected[what] ?? ""));
        }
      }),
      { numRuns: 1500 },
    );
    // The comparison is worth something only if every verdict came up.
    const revoked = ORDER.map((kind) => `revoked_${kind}`);
    expect([...(seen.get("certificate") ?? [])].sort()).toEqual(
      [...revoked, "epoch_ahead", "epoch_stale", "ok"].sort(),
    );
    const uncertified = revoked.filter((code) => code !== "revoked_certificate");
    expect([...(seen.get("granted") ?? [])].sort()).toEqual([...uncertified, "ok"].sort());
    expect(seen.get("caller")?.size).toBe(5);
  });
});
