import type { Json } from "@seb/canonical";
import type { ObserveCode } from "@seb/connector";
import { fail, ok, type Result } from "@seb/schema";
import type { KubeClient } from "./client.js";
import { accountsPath, bindingsPath } from "./identity.js";
import { textAt } from "./json.js";
import { failureOf } from "./observe.js";

/** Account and binding of one execution, whoever made them. Uids are known to whoever did. */
export interface Remains {
  readonly name: string;
  readonly executionsNamespace: string;
  readonly namespace: string;
  readonly bindingUid?: string | undefined;
  readonly accountUid?: string | undefined;
}

const MAX_TRIES = 3;

/**
 * Takes the rights of an execution away: from the next request on, the API server refuses it (the account's token alone would live on for
 * ten seconds). Answers once the binding is verified to be gone.
 */
export function unbind(client: KubeClient, remains: Remains, signal: AbortSignal): Promise<Result<void, ObserveCode>> {
  return remove(client, `${bindingsPath(remains.namespace)}/${remains.name}`, remains.bindingUid, signal);
}

/** Unbinds, and removes the account. Done when both are verified to be gone. */
export async function withdraw(
  client: KubeClient,
  remains: Remains,
  signal: AbortSignal,
): Promise<Result<void, ObserveCode>> {
  const account = `${accountsPath(remains.executionsNamespace)}/${remains.name}`;
  const [unbound, removed] = await Promise.all([
    unbind(client, remains, signal),
    remove(client, account, remains.accountUid, signal),
  ]);
  return unbound.ok ? removed : unbound;
}

/**
 * Deletes in the background, only the object that was meant, and makes sure that it is gone. An answer of 200 alone does not say so: what a
 * finalizer holds is answered with its `deletionTimestamp`, and lives on.
 */
export async function remove(
  client: KubeClient,
  path: string,
  known: string | undefined,
  signal: AbortSignal,
): Promise<Result<void, ObserveCode>> {
  let uid = known;
  for (let tries = 0; tries < MAX_TRIES; tries += 1) {
    if (uid !== undefined) {
      const reply = await client.call({ method: "DELETE", path, body: deletionOf(uid), signal });
      const isGone = reply.answered && (reply.status === 404 || reply.status === 409);
      const failed = isGone ? undefined : failureOf(reply, "deletion");
      if (failed !== undefined) return failed;
      if (reply.answered && reply.status === 404) return ok(undefined);
      if (!isGone && reply.answered && saysGone(reply.body, uid)) return ok(undefined);
    }
    const left = await client.call({ method: "GET", path, signal });
    if (left.answered && left.status === 404) return ok(undefined);
    const failed = failureOf(left, "look for what is left");
    if (failed !== undefined) return failed;
    const found = left.answered ? textAt(left.body, "metadata", "uid") : undefined;
    if (found === undefined || (found === uid && left.answered && textAt(left.body, "metadata", "deletionTimestamp")))
      return fail("target_refused", "Something holds on to the execution's identity.");
    uid = found;
  }
  return fail("target_refused", "The execution's identity comes back each time it is deleted.");
}

/** The server answers a deletion that is done with a success that names the object, or with the object as it was last. */
function saysGone(body: Json, uid: string): boolean {
  if (textAt(body, "kind") === "Status")
    return textAt(body, "status") === "Success" && textAt(body, "details", "uid") === uid;
  const isHeld = textAt(body, "metadata", "deletionTimestamp") !== undefined;
  return textAt(body, "metadata", "uid") === uid && !isHeld;
}

/** Options of a deletion that takes effect at once: in the background, without finalizers, of this very object. */
export function deletionOf(uid: string, resourceVersion?: string) {
  return {
    apiVersion: "v1",
    kind: "DeleteOptions",
    propagationPolicy: "Background",
    preconditions: { uid, ...(resourceVersion === undefined ? {} : { resourceVersion }) },
  };
}
