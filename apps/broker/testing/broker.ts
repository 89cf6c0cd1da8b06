import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { createStatusState, type StatusFeed, type StatusReceiver } from "@seb/authority";
import { digest, isJson } from "@seb/canonical";
import type { Connector } from "@seb/connector";
import { createGitConnector } from "@seb/connector-git";
import { createRefusalLog, openChain, type RecordChain } from "@seb/records";
import { createFileSink } from "@seb/records/embedded";
import type { AdmissionStep, OrderBody } from "@seb/schema";
import { createProver, createSealer } from "@seb/seal";
import { createLog, createMetrics } from "@seb/service-kit";
import { type BrokerConfig, type BrokerPorts, createService, type StepHook } from "../src/index.js";
import { jws, type KeyName } from "./keys.js";
import { need } from "./need.js";
import { freshId, type World } from "./world.js";

const URL_OF_BROKER = "https://broker.example";

/** An answer as a client reads it. */
export interface Answered {
  readonly status: number;
  readonly code: unknown;
  readonly step: unknown;
  readonly body: Readonly<Record<string, unknown>>;
}

export interface BrokerOptions {
  readonly instance?: "broker-1" | "broker-2";
  readonly config?: Partial<BrokerConfig>;
  /** Wraps every step; its names are also kept in `steps`. */
  readonly hook?: (name: AdmissionStep, run: () => Promise<unknown>) => Promise<unknown>;
  /** Where statuses come from, instead of the world's feed. */
  readonly feed?: StatusFeed;
  /** Replaces ports after the real ones were made. */
  readonly ports?: (real: BrokerPorts) => Partial<BrokerPorts>;
}

/** A broker over real embedded adapters: one chain of its own, the world's store, feed and repository. */
export class TestBroker {
  private constructor(
    private readonly world: World,
    readonly url: string,
    /** Every step that began, in order. */
    readonly steps: AdmissionStep[],
    readonly chain: RecordChain,
    readonly status: StatusReceiver,
    private readonly close: () => Promise<void>,
    private readonly giveUp: () => Promise<void>,
  ) {}

  #stopped: Promise<void> | undefined;

  static async start(world: World, options: BrokerOptions = {}): Promise<TestBroker> {
    const instance = options.instance ?? "broker-1";
    const sink = createFileSink({ folder: join(world.folder, instance, "records") });
    const recordKey: KeyName = instance === "broker-1" ? "record-1" : "record-2";
    const sealer = need(await createSealer("record", world.keys[recordKey]));
    const { clock, trust } = world;
    const chain = need(await openChain({ sink, sealer, trust, writer: instance, clock }));
    const status = createStatusState({
      trust: () => trust,
      audience: "env:dev",
      clock,
      feed: options.feed ?? world.feed,
      floor: { load: async () => undefined, save: async () => undefined },
    });
    const targets = { gitops: { connector: "git" as const, url: world.gitops.url, branch: "main", ...AUTHOR } };
    const cacheFolder = join(world.folder, instance, "git");
    const connector: Connector = need(createGitConnector({ targets, cacheFolder, nowMs: clock.nowMs }));
    const refusals = createRefusalLog({ chain, clock });
    const steps: AdmissionStep[] = [];
    const hook: StepHook = (name, _certId, run) => {
      steps.push(name);
      if (!options.hook) return run();
      return options.hook(name, run) as ReturnType<typeof run>;
    };
    const real: BrokerPorts = {
      trust: () => trust,
      observations: need(await createSealer("observation", world.keys.observation)),
      chain,
      refusals,
      store: world.store.admission,
      view: world.store.reader,
      status,
      bundles: { get: async (wanted) => world.bundles.get(wanted) },
      connectors: new Map([[connector.name, connector]]),
      ceilings: {
        ver: 1,
        actions: ["deploy", "scale"],
        resources: ["service:*/region:us-east-1"],
        subjects: ["agent:oncall-v3"],
        max_tier: 2,
        max_lifetime_seconds: 120,
        executions_per_hour: 200,
        executions_per_hour_per_resource: 60,
      },
      digests: { ceilings: digest("ceilings", "test"), targets: digest("targets", "test") },
      clock,
      log: createLog({ name: instance, level: "silent" }),
      metrics: createMetrics("broker"),
      hook,
    };
    const config = { ...CONFIG, instance, ...options.config };
    const service = await createService(config, { ...real, ...options.ports?.(real) });
    const { url } = await service.start();
    await status.settled();
    const giveUp = async () => {
      status.stop();
      await sink.close();
      await connector.close();
    };
    const close = async () => {
      await service.stop();
      await refusals.stop();
      await chain.close();
      await giveUp();
    };
    return new TestBroker(world, url, steps, chain, status, close, giveUp);
  }

  /** Bodies of this broker's records of one kind, oldest first. */
  async records(kind: string): Promise<readonly Readonly<Record<string, unknown>>[]> {
    const found: Readonly<Record<string, unknown>>[] = [];
    for await (const record of this.chain.history()) if (record.kind === kind) found.push(record.body);
    return found;
  }

  /** Presents a certificate with a fresh proof of the agent's key, or of another one. */
  async execute(token: string, body: unknown, more: { key?: KeyName; proof?: string } = {}): Promise<Answered> {
    const path = "/v1/executions";
    const dpop = more.proof ?? (await this.prove("POST", path, body, { ...more, token }));
    return this.send("POST", path, body, { authorization: `DPoP ${token}`, dpop });
  }

  async verify(token: string | undefined, body: unknown, proved = true): Promise<Answered> {
    const path = "/v1/verifications";
    if (token === undefined) return this.send("POST", path, body);
    const dpop = proved ? { dpop: await this.prove("POST", path, body, { token }) } : {};
    return this.send("POST", path, body, { authorization: `DPoP ${token}`, ...dpop });
  }

  async observe(key: KeyName = "agent"): Promise<Answered> {
    const body = { action: "deploy", service: "checkout", region: "us-east-1" };
    const path = "/v1/observations";
    return this.send("POST", path, body, { dpop: await this.prove("POST", path, body, { key }) });
  }

  async get(path: string): Promise<Answered> {
    const dpop = await this.prove("GET", path.split("?")[0] ?? "", undefined, {});
    return this.send("GET", path, undefined, { dpop });
  }

  /** An operator's order to this broker. */
  async resolve(order: OrderBody): Promise<Answered> {
    const iat = Math.floor(this.world.clock.nowMs() / 1000);
    const claims = {
      ver: 1,
      jti: freshId("o_"),
      aud: "env:dev",
      sub: "alice",
      iat,
      exp: iat + 300,
      order,
      reason: "seen",
    };
    return this.send("POST", "/v1/resolutions", { order: jws(this.world.keys.order, "seb-order+jws", claims) });
  }

  async prove(
    method: string,
    path: string,
    body: unknown,
    { key = "agent", token }: { key?: KeyName; token?: string },
  ): Promise<string> {
    const prover = need(await createProver(this.world.keys[key]));
    return prover.prove({
      method,
      url: URL_OF_BROKER + path,
      nowSeconds: this.world.clock.nowMs() / 1000,
      jti: randomBytes(18).toString("base64url"),
      ...(isJson(body) ? { op: digest("op", body) } : {}),
      ...(token === undefined ? {} : { accessToken: token }),
    });
  }

  async send(method: string, path: string, body: unknown, headers: Record<string, string> = {}): Promise<Answered> {
    const response = await fetch(this.url + path, {
      method,
      headers: { ...headers, ...(body === undefined ? {} : { "content-type": "application/json" }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    const read: Record<string, unknown> = text.startsWith("{") ? JSON.parse(text) : { text };
    return { status: response.status, code: read.code, step: read.step, body: read };
  }

  stop(): Promise<void> {
    this.#stopped ??= this.close();
    return this.#stopped;
  }

  /** Gives up the files of a broker that hangs, as the end of its process would; `stop` ends the rest once it hangs no more. */
  abandon(): Promise<void> {
    return this.giveUp();
  }
}

const AUTHOR = { author_name: "SEB broker", author_email: "broker@seb.invalid" };

const CONFIG: BrokerConfig = {
  ver: 1,
  instance: "broker-1",
  audience: "broker:dev",
  environment: "env:dev",
  host: "127.0.0.1",
  port: 0,
  public_urls: [URL_OF_BROKER],
  signer_url: "https://signer.example",
  max_lifetime_seconds: 120,
  proof_max_age_seconds: 60,
  observation_ttl_seconds: 60,
  observations_per_minute: 5,
  step_timeout_ms: 3000,
  reconcile_every_ms: 60_000,
};

/** The real connector of these ports with some of its methods replaced. */
export function connectorWith(
  ports: BrokerPorts,
  change: (real: Connector) => Partial<Connector>,
): Partial<BrokerPorts> {
  const [real] = ports.connectors.values();
  if (!real) throw new Error("no connector");
  const changed: Connector = {
    name: real.name,
    observe: (request) => real.observe(request),
    open: (request) => real.open(request),
    recall: (id, contract, signal) => real.recall(id, contract, signal),
    fence: (id, contract, signal) => real.fence(id, contract, signal),
    reconcile: (id, contract, signal) => real.reconcile(id, contract, signal),
    close: () => real.close(),
    ...change(real),
  };
  return { connectors: new Map([[real.name, changed]]) };
}

/** A point that a hook can stop at: `reached` resolves when it did, `go` lets it on. */
export function gateAt() {
  let reach = () => {};
  let go = () => {};
  const reached = new Promise<void>((resolve) => {
    reach = resolve;
  });
  const opened = new Promise<void>((resolve) => {
    go = resolve;
  });
  return {
    reached,
    go: () => go(),
    async pause() {
      reach();
      await opened;
    },
  };
}

/** Waits until a condition holds. @throws at the timeout, in milliseconds. */
export async function until(what: string, holds: () => boolean | Promise<boolean>, timeoutMs = 4000): Promise<void> {
  const end = performance.now() + timeoutMs;
  while (!(await holds())) {
    if (performance.now() > end) throw new Error(`not within ${timeoutMs} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
