import type {
  Connector,
  ExecuteResult,
  ObserveCode,
  ObserveRequest,
  Reconciled,
  Session,
  SessionRequest,
} from "@seb/connector";
import { type KubernetesOperation, pathOf, readOperation } from "@seb/connector-kubernetes-language";
import { type Contract, fail, type LiveState, ok, type Result } from "@seb/schema";
import { KubeClient } from "./client.js";
import { executeJob } from "./execute.js";
import { type Identity, mint } from "./identity.js";
import { Memory } from "./memory.js";
import { liveStateOf, readObject } from "./observe.js";
import { identityPlan, type Plan, readPlan } from "./plan.js";
import { reconcile } from "./settle.js";
import { holds, type Sight } from "./sight.js";
import { type KubernetesTarget, readKubernetesTargets } from "./targets.js";
import { type Remains, unbind, withdraw } from "./withdraw.js";

/** What the connector needs to know. */
export interface KubernetesConnectorOptions {
  /** Entries of targets.yaml by name; those with another `connector` are passed over. */
  readonly targets: Readonly<Record<string, unknown>>;
  /** Longest time that the API server may spend on a write, in whole seconds; default 4. A fence waits as long, and a second more. */
  readonly writeTimeoutSeconds?: number;
  /** Wall clock in milliseconds; `Date.now` by default. */
  readonly nowMs?: () => number;
}

/** A cluster, and the way there. */
interface Place {
  readonly target: KubernetesTarget;
  readonly client: KubeClient;
}

/** An execution that this process knows of. */
interface Known {
  readonly certId: string;
  stopped: "recalled" | "fence_lost" | undefined;
  minting: Promise<Result<Identity, ObserveCode>> | undefined;
}

const DEFAULT_WRITE_TIMEOUT_SECONDS = 4;
/** How long a deleted binding may still count somewhere, and clocks may differ. */
const UNBIND_LAG_MS = 1000;
const MAX_SIGHTS = 256;
const MAX_REMEMBERED = 10_000;

/** Makes the Kubernetes connector; `setting_invalid` when a target of it is configured wrongly. No cluster is asked. */
export function createKubernetesConnector(options: KubernetesConnectorOptions): Result<Connector, "setting_invalid"> {
  const targets = readKubernetesTargets(options.targets);
  if (!targets.ok) return targets;
  const places = new Map(
    [...targets.value].map(([name, target]) => [name, { target, client: new KubeClient(target) }]),
  );
  return ok(
    new KubernetesConnector(
      places,
      options.writeTimeoutSeconds ?? DEFAULT_WRITE_TIMEOUT_SECONDS,
      options.nowMs ?? Date.now,
    ),
  );
}

/** The connector of Kubernetes clusters. Each execution has an identity of its own, made for it and taken back after it. */
class KubernetesConnector implements Connector {
  readonly name = "kubernetes";
  readonly #places: ReadonlyMap<string, Place>;
  readonly #writeTimeoutSeconds: number;
  readonly #nowMs: () => number;
  /** What was seen last, by target and object: an execution need not look again, since the server compares by itself. */
  readonly #sights = new Memory<Sight>(MAX_SIGHTS);
  readonly #known = new Set<Known>();
  /** When the binding of an execution was gone for certain, on the monotonic clock, in milliseconds. */
  readonly #unboundAt = new Memory<number>(MAX_REMEMBERED);
  readonly #fenced = new Memory<true>(MAX_REMEMBERED);

  constructor(places: ReadonlyMap<string, Place>, writeTimeoutSeconds: number, nowMs: () => number) {
    this.#places = places;
    this.#writeTimeoutSeconds = writeTimeoutSeconds;
    this.#nowMs = nowMs;
  }

  async observe(request: ObserveRequest): Promise<Result<LiveState, ObserveCode>> {
    const entered = this.#enter(request.target, request.operation);
    if (!entered.ok) return entered;
    const { client, operation } = entered.value;
    const sight = await readObject(client, operation.object, request.signal);
    if (!sight.ok) return sight;
    this.#sights.set(sightKey(request.target, operation), sight.value);
    return liveStateOf(request.target, sight.value, operation, request.live);
  }

  async open(request: SessionRequest): Promise<Result<Session, ObserveCode>> {
    const { target: name, operation: filled } = request.operation;
    const entered = this.#enter(name, filled);
    if (!entered.ok) return entered;
    const { client, target } = entered.value;
    const plan = readPlan(target, request);
    if (!plan.ok) return plan;
    const known: Known = { certId: request.cert_id, stopped: undefined, minting: undefined };
    if (this.#fenced.get(request.cert_id)) return ok(this.#stoppedSession(plan.value, client, request.signal));
    this.#known.add(known);
    known.minting = mint(client, plan.value.identity, request.signal);
    const [identity, seen] = await Promise.all([known.minting, this.#see(name, client, plan.value, request.signal)]);
    if (!identity.ok) {
      this.#known.delete(known);
      return identity;
    }
    return ok(this.#session({ known, identity: identity.value, seen, client, plan: plan.value, request }));
  }

  async recall(certId: string, contract: Contract, signal: AbortSignal): Promise<Result<void, ObserveCode>> {
    const entered = this.#enter(contract.target, contract.operation);
    if (!entered.ok) return entered;
    const remains = await this.#stop(certId, entered.value, "recalled", signal);
    if (!remains.ok) return remains;
    const gone = await withdraw(entered.value.client, remains.value, signal);
    if (gone.ok) this.#noteUnbound(certId);
    return gone;
  }

  async fence(certId: string, contract: Contract, signal: AbortSignal): Promise<Result<void, ObserveCode>> {
    const entered = this.#enter(contract.target, contract.operation);
    if (!entered.ok) return entered;
    if (this.#fenced.get(certId)) return ok(undefined);
    const remains = await this.#stop(certId, entered.value, "fence_lost", signal);
    if (!remains.ok) return remains;
    const unbound = await unbind(entered.value.client, remains.value, signal);
    if (!unbound.ok) return unbound;
    this.#noteUnbound(certId);
    // What was authorised before may still be written: the server gives it up after its timeout.
    const over = (this.#unboundAt.get(certId) ?? 0) + this.#writeTimeoutSeconds * 1000 + UNBIND_LAG_MS;
    if (!(await sleepUntil(over, signal)))
      return fail("target_unavailable", "Stopped while waiting for what is under way.");
    this.#fenced.set(certId, true);
    return ok(undefined);
  }

  async reconcile(certId: string, contract: Contract, signal: AbortSignal): Promise<Result<Reconciled, ObserveCode>> {
    const entered = this.#enter(contract.target, contract.operation);
    if (!entered.ok) return entered;
    const { client, operation } = entered.value;
    return reconcile(client, { certId, operation, contract, fenced: this.#fenced.get(certId) === true }, signal);
  }

  async close(): Promise<void> {
    for (const known of this.#known) known.stopped ??= "recalled";
    this.#known.clear();
    this.#sights.clear();
    for (const { client } of this.#places.values()) client.close();
  }

  #session(parts: {
    readonly known: Known;
    readonly identity: Identity;
    readonly seen: Sight | undefined;
    readonly client: KubeClient;
    readonly plan: Plan;
    readonly request: SessionRequest;
  }): Session {
    const { known, identity, seen, client, plan, request } = parts;
    let first = seen;
    let executed: ExecuteResult | undefined;
    return {
      identity: `system:serviceaccount:${plan.identity.executionsNamespace}:${plan.identity.name}`,
      execute: async (guard) => {
        if (executed !== undefined) return executed;
        const job = {
          client,
          plan,
          identity,
          seen: first,
          signal: request.signal,
          notAfterMs: request.not_after_ms,
          nowMs: this.#nowMs,
          writeTimeoutSeconds: this.#writeTimeoutSeconds,
          stopped: () => known.stopped,
        };
        first = undefined;
        const result = await executeJob(job, guard);
        // The object has changed: what was seen of it does not help the next execution.
        this.#sights.delete(sightKey(request.operation.target, plan.operation));
        if (result.state === "executed") executed = result;
        return result;
      },
    };
  }

  /** A session of an execution that was fenced here: sends nothing, makes nothing, and tells what the marker says. */
  #stoppedSession(plan: Plan, client: KubeClient, signal: AbortSignal): Session {
    return {
      identity: `system:serviceaccount:${plan.identity.executionsNamespace}:${plan.identity.name}`,
      execute: async () => {
        const sight = await readObject(client, plan.operation.object, signal);
        if (sight.ok && sight.value.marker === plan.certId)
          return { state: "executed", result: { object: pathOf(plan.operation.object), uid: sight.value.uid } };
        if (sight.ok) return { state: "not_executed", code: "fence_lost", detail: "The execution was fenced." };
        return { state: "unknown", detail: "Fenced, and the object could not be read." };
      },
    };
  }

  /** The object as it was seen last while that is what was certified; read anew otherwise, beside the minting. */
  async #see(name: string, client: KubeClient, plan: Plan, signal: AbortSignal): Promise<Sight | undefined> {
    const kept = this.#sights.get(sightKey(name, plan.operation));
    if (plan.operation.verb === "patch" && kept !== undefined && holds(kept, plan.certified, plan.precondition))
      return kept;
    const read = await readObject(client, plan.operation.object, signal);
    return read.ok ? read.value : undefined;
  }

  /** Stops the execution's sessions in this process, and says what there is to take back once nothing more of it can come into being. */
  async #stop(
    certId: string,
    { target, operation }: Place & { readonly operation: KubernetesOperation },
    why: "recalled" | "fence_lost",
    signal: AbortSignal,
  ): Promise<Result<Remains, ObserveCode>> {
    const plan = identityPlan(target, certId, operation);
    if (plan === undefined) return fail("target_refused", "Not a certificate id.");
    let identity: Identity | undefined;
    for (const known of this.#known) {
      if (known.certId !== certId) continue;
      known.stopped ??= why;
      const minted = await settled(known.minting, signal);
      if (minted?.ok) identity = minted.value;
      this.#known.delete(known);
    }
    if (signal.aborted) return fail("target_unavailable", "Stopped before the identity was taken back.");
    const { name, executionsNamespace, namespace } = plan;
    return ok({
      name,
      executionsNamespace,
      namespace,
      bindingUid: this.#unboundAt.get(certId) === undefined ? identity?.bindingUid : undefined,
      accountUid: identity?.accountUid,
    });
  }

  #noteUnbound(certId: string): void {
    if (this.#unboundAt.get(certId) === undefined) this.#unboundAt.set(certId, performance.now());
  }

  /** The place, and the operation to be done there. */
  #enter(
    name: string,
    template: Readonly<Record<string, unknown>>,
  ): Result<Place & { readonly operation: KubernetesOperation }, ObserveCode> {
    const place = this.#places.get(name);
    if (place === undefined) return fail("target_unknown", "No Kubernetes target of that name is configured.");
    const operation = readOperation(template, "template");
    if (!operation.ok) return fail("target_refused", operation.error.detail);
    return ok({ ...place, operation: operation.value });
  }
}

const sightKey = (target: string, { object }: KubernetesOperation): string => `${target} ${pathOf(object)}`;

/** The value of a promise, or undefined when the signal is aborted first. */
function settled<T>(promise: Promise<T> | undefined, signal: AbortSignal): Promise<T | undefined> {
  if (promise === undefined || signal.aborted) return Promise.resolve(undefined);
  return new Promise((resolve) => {
    const leave = () => resolve(undefined);
    signal.addEventListener("abort", leave, { once: true });
    promise.then(resolve, leave).finally(() => signal.removeEventListener("abort", leave));
  });
}

/** Waits until a time of the monotonic clock; false when the signal is aborted first. */
function sleepUntil(atMs: number, signal: AbortSignal): Promise<boolean> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", end);
      resolve(!signal.aborted);
    };
    const timer = setTimeout(end, Math.max(0, atMs - performance.now()));
    signal.addEventListener("abort", end, { once: true });
    if (signal.aborted) end();
  });
}
