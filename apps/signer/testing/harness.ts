import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createStatusState, type StatusReceiver } from "@seb/authority";
import { createLocalFeed, type EmbeddedStore, openEmbeddedStore } from "@seb/authority/embedded";
import { base32Id, digest, isJson } from "@seb/canonical";
import { createRefusalLog, openChain, type RecordChain, type RecordSink } from "@seb/records";
import { createFileEvidence, createFileSink } from "@seb/records/embedded";
import type {
  ApprovalClaims,
  CertificateRequest,
  Epochs,
  ObservationClaims,
  Result,
  RevocationTarget,
  Standing,
} from "@seb/schema";
import { createProver, createSealer, type Sealer } from "@seb/seal";
import { createLog, createMetrics } from "@seb/service-kit";
import { type CertificateSigner, createCertificateSigner } from "@seb/signing-core";
import { createService, type SignerConfig, type SignerPorts, type SignerService } from "../src/index.js";
import { type Attested, attest, IMAGE, PREVIOUS, REPOSITORY, RUNNING } from "./attest.js";
import { controlFiles, pack } from "./control.js";
import { type Keys, keyOf, makeKeys, makeTrust } from "./keys.js";

export function value<T>(result: Result<T>): T {
  if (!result.ok) throw new Error(`${result.error.code}: ${result.error.detail}`);
  return result.value;
}

/** The answer to a request, as a client reads it. */
export interface Answered {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

export interface AskOptions {
  readonly request?: Partial<CertificateRequest>;
  readonly observed?: Partial<ObservationClaims>;
  readonly state?: Partial<ObservationClaims["state"]>;
  readonly key?: string | null;
  readonly agent?: string;
  /** The request's whole body, instead of one made here. */
  readonly body?: CertificateRequest;
  readonly proof?: string | null;
}

export interface HarnessOptions {
  readonly control?: Readonly<Record<string, string | undefined>>;
  readonly config?: Partial<SignerConfig>;
  /** Replaces ports after the real ones were made. */
  readonly ports?: (real: SignerPorts) => Partial<SignerPorts>;
}

interface World {
  readonly folder: string;
  readonly keys: Keys;
  readonly store: EmbeddedStore;
  readonly bundles: Map<string, string>;
  bundle: string | null;
  seq: number;
  epochs: Epochs;
  standing: Standing[];
  /** How far the wall clock is ahead of the machine. */
  aheadMs: number;
}

/** A signer over real embedded adapters in a folder of its own, and everybody around it with real keys. */
export class Harness {
  url = "";
  chain!: RecordChain;
  #service: SignerService | undefined;
  #sink: RecordSink | undefined;
  #status: StatusReceiver | undefined;
  #refusals: ReturnType<typeof createRefusalLog> | undefined;
  #feed = createLocalFeed();
  #built: ReturnType<typeof attest> | undefined;
  #beat: NodeJS.Timeout | undefined;

  private constructor(
    readonly world: World,
    private readonly options: HarnessOptions,
    private readonly sealers: { status: Sealer<"status">; observation: Sealer<"observation"> },
    readonly signingKey: CertificateSigner,
  ) {}

  static async start(options: HarnessOptions = {}): Promise<Harness> {
    const keys = await makeKeys();
    const folder = mkdtempSync(join(tmpdir(), "seb-signer-"));
    const store = value(await openEmbeddedStore({ folder: join(folder, "store") }));
    const { digest: bundle, text } = pack(controlFiles(keys, options.control));
    const world: World = {
      folder,
      keys,
      store,
      bundles: new Map([[bundle, text]]),
      bundle,
      seq: 0,
      epochs: { global: 1, subject: {}, policy: {} },
      standing: [],
      aheadMs: 0,
    };
    const sealers = {
      status: value(await createSealer("status", keyOf(keys, "status"))),
      observation: value(await createSealer("observation", keyOf(keys, "observation"))),
    };
    const key = value(await createCertificateSigner(keyOf(keys, "certificate")));
    const harness = new Harness(world, options, sealers, key);
    await harness.boot();
    return harness;
  }

  nowMs(): number {
    return Date.now() + this.world.aheadMs;
  }

  readonly clock = { nowMs: () => this.nowMs(), monotonicMs: () => performance.now() };

  async boot(): Promise<void> {
    const { folder, keys, bundles, store } = this.world;
    const trust = await makeTrust(keys, Math.floor(this.nowMs() / 1000));
    this.#sink = createFileSink({ folder: join(folder, "records") });
    const sealer = value(await createSealer("record", keyOf(keys, "record")));
    this.chain = value(await openChain({ sink: this.#sink, sealer, trust, writer: "signer-1", clock: this.clock }));
    this.#status = createStatusState({
      trust: () => trust,
      audience: "env:dev",
      clock: this.clock,
      feed: this.#feed,
      floor: { load: async () => undefined, save: async () => undefined },
    });
    this.#refusals = createRefusalLog({ chain: this.chain, clock: this.clock });
    const real: SignerPorts = {
      trust: () => trust,
      key: this.signingKey,
      chain: this.chain,
      refusals: this.#refusals,
      evidence: createFileEvidence({ folder: join(folder, "evidence") }),
      status: this.#status,
      view: store.reader,
      bundles: { get: async (wanted) => bundles.get(wanted) },
      clock: this.clock,
      random: (count) => new Uint8Array(randomBytes(count)),
      log: createLog({ name: "signer", level: "silent" }),
      metrics: createMetrics("signer"),
    };
    const config: SignerConfig = {
      ver: 1,
      instance: "signer-1",
      issuer: "signer:dev",
      environment: "env:dev",
      host: "127.0.0.1",
      port: 0,
      public_urls: ["https://signer.example"],
      max_ttl_seconds: 120,
      max_tier: 3,
      proof_max_age_seconds: 60,
      observation_max_age_seconds: 60,
      requests_per_minute: 600,
      step_timeout_ms: 5000,
      ...this.options.config,
    };
    await this.change();
    this.#beat = setInterval(() => void this.beat(), 400);
    this.#service = await createService(config, { ...real, ...this.options.ports?.(real) });
    this.url = (await this.#service.start()).url;
  }

  /** Writes the view as the revocation service would, and announces it. */
  async change(
    what: { bundle?: string | null; standing?: readonly RevocationTarget[]; epochs?: Epochs } = {},
  ): Promise<void> {
    const { world } = this;
    if (what.bundle !== undefined) world.bundle = what.bundle;
    if (what.epochs) world.epochs = what.epochs;
    if (what.standing)
      world.standing = what.standing.map((target) => ({
        target,
        order: base32Id("o_", randomBytes(17)),
        by: "alice",
        reason: "test",
        at_ms: this.nowMs(),
      }));
    world.seq += 1;
    const run_id = value(await world.store.writer.runId());
    const { seq, epochs, bundle, standing } = world;
    value(await world.store.writer.write({ seq, generation: 1, run_id, epochs, bundle, standing }));
    await this.beat();
  }

  /** One heartbeat of the signed status. */
  async beat(): Promise<void> {
    const { seq, epochs, bundle, store } = this.world;
    const run_id = value(await store.writer.runId());
    const token = await this.sealers.status.seal({
      ver: 1,
      iss: "revocation:dev",
      aud: "env:dev",
      seq,
      issued_at_ms: Math.floor(this.nowMs()),
      epochs,
      bundle,
      generation: 1,
      run_id,
    });
    await this.#feed.publish(token);
    await this.#status?.settled();
  }

  /** No more heartbeats. */
  silence(): void {
    clearInterval(this.#beat);
  }

  async stop(): Promise<void> {
    this.silence();
    await this.#service?.stop();
    await this.#refusals?.stop();
    this.#status?.stop();
    await this.chain.close();
    await this.#sink?.close();
  }

  /** Stops the signer and starts it again over what it left. */
  async restart(): Promise<void> {
    await this.stop();
    await this.boot();
  }

  async end(): Promise<void> {
    await this.stop();
    await this.world.store.close();
    rmSync(this.world.folder, { recursive: true, force: true });
  }

  async observe(observed: AskOptions["observed"] = {}, state: AskOptions["state"] = {}): Promise<string> {
    const now = Math.floor(this.nowMs() / 1000);
    const { resource = "service:checkout/region:us-east-1" } = observed;
    const path = resource.replace(/^service:(.*)\/region:(.*)$/, "apps/$1/$2/deployment.yaml");
    return this.sealers.observation.seal({
      ver: 1,
      iss: "broker:dev",
      aud: "broker:dev",
      sub: "agent:oncall-v3",
      iat: now,
      exp: now + 60,
      bundle: this.world.bundle ?? digest("bundle", "none"),
      action: "deploy",
      resource,
      ...observed,
      state: {
        target: "gitops",
        uid: "root-commit",
        version: "f".repeat(40),
        fields: {},
        values: { image: `${REPOSITORY}@${RUNNING}`, replicas: 8 },
        previous: { image: `${REPOSITORY}@${PREVIOUS}` },
        precondition: { [`blob:${path}`]: "e".repeat(40) },
        ...state,
      },
    });
  }

  attest(it: Attested = {}) {
    return attest(keyOf(this.world.keys, "builder"), this.nowMs(), it);
  }

  /** The attestation that a build left behind: the same in every request. */
  built(): ReturnType<typeof attest> {
    this.#built ??= this.attest();
    return this.#built;
  }

  async bodyOf(options: AskOptions = {}): Promise<CertificateRequest> {
    return {
      action: "deploy",
      service: "checkout",
      region: "us-east-1",
      parameters: { image_digest: IMAGE },
      bounds: { max_replicas: 12 },
      observation: await this.observe(options.observed, options.state),
      evidence: [this.built()],
      ...options.request,
    };
  }

  /** Asks for a certificate as an agent does. */
  async ask(options: AskOptions = {}): Promise<Answered> {
    const body = options.body ?? (await this.bodyOf(options));
    const proof =
      options.proof === undefined ? await this.prove("POST", "/v1/certificates", body, options.agent) : options.proof;
    const key = options.key === undefined ? newKey() : options.key;
    return this.send("POST", "/v1/certificates", body, {
      ...(proof === null ? {} : { dpop: proof }),
      ...(key === null ? {} : { "idempotency-key": key }),
    });
  }

  async prove(method: string, path: string, body: unknown, agent = "agent"): Promise<string> {
    const key = keyOf(this.world.keys, agent);
    const prover = value(await createProver(key, key.role === "approval" ? "approval" : "agent"));
    return prover.prove({
      method,
      url: `https://signer.example${path}`,
      nowSeconds: this.nowMs() / 1000,
      jti: newKey(),
      ...(isJson(body) ? { op: digest("op", body) } : {}),
    });
  }

  /** A person's approval of a recorded request, as its own CLI makes it from `GET /v1/requests/{id}`. */
  async approvalBy(person: string, request: Answered["body"], over: Partial<ApprovalClaims> = {}): Promise<string> {
    const sealer = value(await createSealer("approval", keyOf(this.world.keys, person)));
    const now = Math.floor(this.nowMs() / 1000);
    const { proposal, contract, bundle } = request;
    return sealer.seal({
      ver: 1,
      jti: base32Id("a_", randomBytes(17)),
      aud: "env:dev",
      sub: person,
      iat: now,
      exp: now + 600,
      request: String(request.request),
      proposal: String(proposal),
      contract: String(contract),
      tier: Number(request.tier),
      bundle: String(bundle),
      ...over,
    });
  }

  async approve(person: string, request: Answered["body"], over: Partial<ApprovalClaims> = {}): Promise<Answered> {
    const approval = await this.approvalBy(person, request, over);
    return this.send("POST", `/v1/requests/${String(request.request)}/approvals`, { approval });
  }

  /** Asks for a recorded request with an agent's proof, or an approver's. */
  async requestOf(id: unknown, agent = "agent"): Promise<Answered> {
    const path = `/v1/requests/${String(id)}`;
    return this.send("GET", path, undefined, { dpop: await this.prove("GET", path, undefined, agent) });
  }

  async send(method: string, path: string, body: unknown, headers: Record<string, string> = {}): Promise<Answered> {
    const response = await fetch(this.url + path, {
      method,
      headers: { ...headers, ...(body === undefined ? {} : { "content-type": "application/json" }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, body: text.startsWith("{") ? JSON.parse(text) : { text } };
  }

  /** Bodies of this signer's records of one kind, oldest first. */
  async records(kind: string): Promise<Readonly<Record<string, unknown>>[]> {
    const found: Readonly<Record<string, unknown>>[] = [];
    for await (const record of this.chain.history()) if (record.kind === kind) found.push(record.body);
    return found;
  }
}

/** An idempotency key, or the id of a proof. */
export function newKey(): string {
  return randomBytes(18).toString("base64url");
}
