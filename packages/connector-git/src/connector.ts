import type { Connector, ObserveCode, ObserveRequest, Reconciled, Session, SessionRequest } from "@seb/connector";
import { type GitOperation, readOperation } from "@seb/connector-git-language";
import { type Contract, fail, type LiveState, ok, type Result } from "@seb/schema";
import { authorizationOf } from "./credential.js";
import { executeJob } from "./execute.js";
import { GitStarter } from "./git-starter.js";
import { Mirror } from "./mirror.js";
import { markerRef } from "./names.js";
import { Objects } from "./objects.js";
import { observeAt, sightKey } from "./observe.js";
import type { Access } from "./remote.js";
import { Repository } from "./repository.js";
import { readPlan } from "./session.js";
import { fence, reconcile } from "./settle.js";
import { type GitTarget, readGitTargets } from "./targets.js";

/** What the connector needs to know. */
export interface GitConnectorOptions {
  /** Entries of targets.yaml by name; those with another `connector` are passed over. */
  readonly targets: Readonly<Record<string, unknown>>;
  /** Absolute path of a private folder for the caches; it may be emptied while no process uses it, and only one process may. */
  readonly cacheFolder: string;
  /** Longest run of one git process, in milliseconds; default 15,000. */
  readonly gitTimeoutMs?: number;
  /** Wall clock in milliseconds; `Date.now` by default. */
  readonly nowMs?: () => number;
}

/** A target with its cache. */
interface Place {
  readonly target: GitTarget;
  readonly mirror: Mirror;
  readonly objects: Objects;
}

/** What one call may do there. */
interface Entered {
  readonly branch: string;
  readonly operation: GitOperation;
  readonly access: Access;
}

const DEFAULT_TIMEOUT_MS = 15_000;
const MAX_OUTPUT_BYTES = 16_777_216;
const MAX_SIGHTS = 64;
const DEFAULT_BRANCH = "main";

/** Makes the git connector; `setting_invalid` when a target of it is configured wrongly. No target is asked. */
export function createGitConnector(options: GitConnectorOptions): Result<Connector, "setting_invalid"> {
  const targets = readGitTargets(options.targets);
  if (!targets.ok) return targets;
  const limits = { timeoutMs: options.gitTimeoutMs ?? DEFAULT_TIMEOUT_MS, maxOutputBytes: MAX_OUTPUT_BYTES };
  const starter = new GitStarter();
  const places = new Map<string, Place>();
  for (const [name, target] of targets.value) {
    const repository = new Repository(target, options.cacheFolder, limits, starter);
    places.set(name, { target, mirror: new Mirror(repository), objects: new Objects(repository) });
  }
  return ok(new GitConnector(places, starter, options.nowMs ?? Date.now));
}

/** The connector of GitOps repositories. Its identity is held, not minted: one credential per target, used by every execution. */
class GitConnector implements Connector {
  readonly name = "git";
  readonly #places: ReadonlyMap<string, Place>;
  readonly #starter: GitStarter;
  readonly #nowMs: () => number;
  /** Observations of a commit never change: they are kept. */
  readonly #sights = new Map<string, LiveState>();
  readonly #sessions = new Set<{ readonly certId: string; recalled: boolean }>();

  constructor(places: ReadonlyMap<string, Place>, starter: GitStarter, nowMs: () => number) {
    this.#places = places;
    this.#starter = starter;
    this.#nowMs = nowMs;
  }

  async observe(request: ObserveRequest): Promise<Result<LiveState, ObserveCode>> {
    const { target, signal, live } = request;
    const where = await this.#enter(target, request.operation, signal);
    if (!where.ok) return where;
    const { mirror, objects, branch, operation, access } = where.value;
    const tips = await mirror.sync(branch, undefined, access);
    if (!tips.ok) return tips;
    const { head } = tips.value;
    const key = `${target} ${branch} ${sightKey(head, request, operation)}`;
    const kept = this.#sights.get(key);
    if (kept !== undefined) return ok(copyOf(kept));
    const [root, seen] = await Promise.all([
      mirror.root(branch, head, signal),
      observeAt(objects, { target, head, operation, live, signal }),
    ]);
    if (!root.ok) return root;
    if (!seen.ok) return seen;
    const state = { ...seen.value, uid: root.value };
    if (this.#sights.size >= MAX_SIGHTS) this.#sights.clear();
    this.#sights.set(key, state);
    return ok(copyOf(state));
  }

  async open(request: SessionRequest): Promise<Result<Session, ObserveCode>> {
    const where = await this.#enter(request.operation.target, request.operation.operation, request.signal);
    if (!where.ok) return where;
    const plan = readPlan(request);
    if (!plan.ok) return plan;
    const { mirror, objects, branch, access } = where.value;
    const session = { certId: request.cert_id, recalled: false };
    this.#sessions.add(session);
    const job = {
      ...plan.value,
      branch,
      notAfterMs: request.not_after_ms,
      nowMs: this.#nowMs,
      recalled: () => session.recalled,
    };
    return ok({
      identity: `held:git:${request.operation.target}`,
      execute: (guard) => executeJob(mirror, objects, job, access, guard).finally(() => this.#sessions.delete(session)),
    });
  }

  async recall(certId: string, contract: Contract, _signal: AbortSignal): Promise<Result<void, ObserveCode>> {
    if (!this.#places.has(contract.target)) return unknownTarget();
    for (const session of this.#sessions) {
      if (session.certId !== certId) continue;
      session.recalled = true;
      this.#sessions.delete(session);
    }
    return ok(undefined);
  }

  async fence(certId: string, contract: Contract, signal: AbortSignal): Promise<Result<void, ObserveCode>> {
    const where = await this.#enter(contract.target, contract.operation, signal);
    if (!where.ok) return where;
    if (markerRef(certId) === undefined) return fail("target_refused", "Not a certificate id.");
    return fence(where.value.mirror, { certId, branch: where.value.branch }, where.value.access);
  }

  async reconcile(certId: string, contract: Contract, signal: AbortSignal): Promise<Result<Reconciled, ObserveCode>> {
    const where = await this.#enter(contract.target, contract.operation, signal);
    if (!where.ok) return where;
    if (markerRef(certId) === undefined) return fail("target_refused", "Not a certificate id.");
    const { mirror, objects, branch, access } = where.value;
    return reconcile(mirror, objects, { certId, branch }, access);
  }

  async close(): Promise<void> {
    this.#sights.clear();
    for (const session of this.#sessions) session.recalled = true;
    this.#sessions.clear();
    this.#starter.close();
  }

  /** The place, the branch that may be changed there, and the right to talk to it. */
  async #enter(
    name: string,
    template: Readonly<Record<string, unknown>>,
    signal: AbortSignal,
  ): Promise<Result<Place & Entered, ObserveCode>> {
    const place = this.#places.get(name);
    if (place === undefined) return unknownTarget();
    const operation = readOperation(template, "template");
    if (!operation.ok) return fail("target_refused", operation.error.detail);
    const branch = operation.value.branch ?? place.target.branch ?? DEFAULT_BRANCH;
    if (place.target.branch !== undefined && place.target.branch !== branch) {
      return fail("target_refused", "The target is configured for another branch.");
    }
    const authorization = authorizationOf(place.target);
    if (!authorization.ok) return authorization;
    return ok({ ...place, branch, operation: operation.value, access: { signal, authorization: authorization.value } });
  }
}

/** What is kept must not change when somebody changes what they were given. */
function copyOf({ fields, values, previous, precondition, ...rest }: LiveState): LiveState {
  return {
    ...rest,
    fields: { ...fields },
    values: { ...values },
    previous: { ...previous },
    precondition: { ...precondition },
  };
}

function unknownTarget() {
  return fail("target_unknown", "No git target of that name is configured.");
}
