import type { Json } from "@seb/canonical";
import { isNamespace } from "@seb/connector-kubernetes-language";
import { fail, ok, type Result } from "@seb/schema";
import { KubeClient } from "./client.js";
import { isBefore } from "./expiry.js";
import { accountsPath, bindingsPath } from "./identity.js";
import { items, members, textAt, valueAt } from "./json.js";
import { isIdentityName } from "./names.js";
import { failureOf } from "./observe.js";
import { readKubernetesTargets } from "./targets.js";
import { remove } from "./withdraw.js";

/** What the janitor needs to know. */
export interface JanitorOptions {
  /** Like an entry of targets.yaml, with the janitor's own credential in it: never the broker's. */
  readonly target: unknown;
  /** Namespaces that hold certified objects. */
  readonly namespaces: readonly string[];
}

/** What was swept. */
export interface Swept {
  /** Names of bindings, as `namespace/name`. */
  readonly bindings: readonly string[];
  readonly accounts: readonly string[];
  /** Names of guards that lost exceptions whose day has come. */
  readonly exceptions: readonly string[];
  /** Paths that could not be swept: something holds on to them, or the janitor may not. */
  readonly failed: readonly string[];
}

export interface Janitor {
  /**
   * Removes bindings and accounts of executions that are older than any execution lives, by the server's clock, and takes ended
   * exceptions out. `olderThanMs` has to pass the longest action's timeout, and what a certificate and a takeover may add: 15 minutes are
   * plenty. What is younger, or not named like an execution, is left alone.
   */
  sweep(options: { readonly olderThanMs: number; readonly signal: AbortSignal }): Promise<Result<Swept, SweepCode>>;
  close(): void;
}

type SweepCode = "target_unavailable" | "target_refused";

interface Found {
  readonly path: string;
  readonly label: string;
  readonly uid: string;
}

const PAGE = 500;
const MAX_PAGES = 100;
const EXCEPTIONS = "/apis/seb.dev/v1/guardexceptions";

/** Makes the janitor of one cluster; `setting_invalid` when its target is configured wrongly. The cluster is not asked. */
export function createJanitor({ target: entry, namespaces }: JanitorOptions): Result<Janitor, "setting_invalid"> {
  const targets = readKubernetesTargets({ janitor: entry });
  if (!targets.ok) return targets;
  const target = targets.value.get("janitor");
  if (target === undefined || !namespaces.every(isNamespace))
    return fail("setting_invalid", "The janitor's target or namespaces are wrong.");
  const client = new KubeClient(target);
  return ok({
    sweep: (options) => sweepCluster(client, target.executionsNamespace, namespaces, options),
    close: () => client.close(),
  });
}

/** One round of the janitor: see {@link Janitor}. */
export async function sweepCluster(
  client: KubeClient,
  executionsNamespace: string,
  namespaces: readonly string[],
  { olderThanMs, signal }: Parameters<Janitor["sweep"]>[0],
): Promise<Result<Swept, SweepCode>> {
  const failed: string[] = [];
  const clear = async (collection: string, prefix: string): Promise<Result<readonly string[], SweepCode>> => {
    const old = await leftovers(client, collection, prefix, olderThanMs, signal);
    if (!old.ok) return old;
    const gone: string[] = [];
    for (const { path, label, uid } of old.value) {
      const removed = await remove(client, path, uid, signal);
      if (removed.ok) gone.push(label);
      else failed.push(path);
    }
    return ok(gone);
  };
  const bindings: string[] = [];
  for (const namespace of namespaces) {
    const cleared = await clear(bindingsPath(namespace), `${namespace}/`);
    if (!cleared.ok) return cleared;
    bindings.push(...cleared.value);
  }
  // Rights first: an account without a binding can do nothing.
  const accounts = await clear(accountsPath(executionsNamespace), "");
  if (!accounts.ok) return accounts;
  const exceptions = await endExceptions(client, failed, signal);
  return exceptions.ok ? ok({ bindings, accounts: accounts.value, exceptions: exceptions.value, failed }) : exceptions;
}

/** Everything in a collection that is named like an execution and too old to be one. */
async function leftovers(
  client: KubeClient,
  collection: string,
  prefix: string,
  olderThanMs: number,
  signal: AbortSignal,
): Promise<Result<readonly Found[], SweepCode>> {
  const found: Found[] = [];
  let next = "";
  for (let page = 0; page < MAX_PAGES; page += 1) {
    const path = `${collection}?limit=${PAGE}${next === "" ? "" : `&continue=${encodeURIComponent(next)}`}`;
    const reply = await client.call({ method: "GET", path, signal });
    const failed = failureOf(reply, "list of leftovers");
    if (failed !== undefined) return failed;
    if (!reply.answered) return ok(found);
    // The server's own clock: it wrote the times of creation.
    const nowMs = Date.parse(reply.at ?? "");
    for (const item of items(valueAt(reply.body, "items"))) {
      const [name, uid] = [textAt(item, "metadata", "name"), textAt(item, "metadata", "uid")];
      const ageMs = nowMs - Date.parse(textAt(item, "metadata", "creationTimestamp") ?? "");
      if (isIdentityName(name) && uid !== undefined && ageMs > olderThanMs)
        found.push({ path: `${collection}/${name}`, label: `${prefix}${name}`, uid });
    }
    next = textAt(reply.body, "metadata", "continue") ?? "";
    if (next === "") return ok(found);
  }
  return ok(found);
}

/** Policies know no time: an exception ends when it is taken out. */
async function endExceptions(
  client: KubeClient,
  failed: string[],
  signal: AbortSignal,
): Promise<Result<readonly string[], SweepCode>> {
  const reply = await client.call({ method: "GET", path: EXCEPTIONS, signal });
  // A cluster without guards has no such kind.
  if (reply.answered && reply.status === 404) return ok([]);
  const refused = failureOf(reply, "list of exceptions");
  if (refused !== undefined) return refused;
  const nowMs = reply.answered ? Date.parse(reply.at ?? "") : Number.NaN;
  const ended: string[] = [];
  for (const item of items(reply.answered ? valueAt(reply.body, "items") : undefined)) {
    const name = textAt(item, "metadata", "name") ?? "";
    const allow = items(valueAt(item, "spec", "allow"));
    const kept = allow.filter((allowed) => isBefore(textAt(allowed, "expires") ?? "", nowMs));
    if (kept.length === allow.length) continue;
    const less = {
      ...members(item),
      ...kind,
      spec: { ...members(valueAt(item, "spec")), allow: kept },
    } satisfies Record<string, Json>;
    const written = await client.call({ method: "PUT", path: `${EXCEPTIONS}/${name}`, body: less, signal });
    if (failureOf(written, "end of an exception") === undefined) ended.push(name);
    else failed.push(`${EXCEPTIONS}/${name}`);
  }
  return ok(ended);
}

/** Items of a list do not say what they are. */
const kind = { apiVersion: "seb.dev/v1", kind: "GuardException" } as const;
