import type { Json } from "@seb/canonical";
import type { ObserveCode, ObserveRequest } from "@seb/connector";
import {
  certifiedOf,
  type KubernetesOperation,
  type ObjectRef,
  pathOf,
  readLive,
} from "@seb/connector-kubernetes-language";
import { fail, failMistakes, type LiveState, ok, type Result } from "@seb/schema";
import type { KubeClient, Reply } from "./client.js";
import { fieldDigest, gitopsClaim, placesOf, preconditionOf, type Sight, sightOf } from "./sight.js";

const TEXT = /^\P{Cc}{0,512}$/u;
const REASON = /^[A-Za-z]{1,40}$/;

/** Reads one object as the broker; `target_refused` when it is missing or closed to the broker. */
export async function readObject(
  client: KubeClient,
  object: ObjectRef,
  signal: AbortSignal,
): Promise<Result<Sight, ObserveCode>> {
  const reply = await client.call({ method: "GET", path: pathOf(object), signal });
  const failed = failureOf(reply, "read");
  if (failed !== undefined) return failed;
  const sight = reply.answered ? sightOf(reply.body) : undefined;
  return sight === undefined ? fail("target_refused", "The answer is no object with an identity.") : ok(sight);
}

/** Why a reply is no success: busy and broken servers are `target_unavailable`, the rest `target_refused`. Says nothing that the server said. */
export function failureOf(reply: Reply, what: string) {
  if (!reply.answered) return fail("target_unavailable" as const, "The API server did not answer.");
  const { status } = reply;
  if (status >= 200 && status < 300) return undefined;
  if (status === 429 || status >= 500)
    return fail("target_unavailable" as const, `The API server answered ${status} to a ${what}.`);
  return fail("target_refused" as const, `The API server answered ${status} to a ${what}.`, {
    facts: { status, what },
  });
}

/** The live state of an object that was read. An object that another tool puts back to its repository is `managed_by_gitops`. */
export function liveStateOf(
  target: string,
  sight: Sight,
  operation: KubernetesOperation,
  live: ObserveRequest["live"],
): Result<LiveState, ObserveCode> {
  const claim = gitopsClaim(sight);
  if (claim !== undefined)
    return fail("managed_by_gitops", "The object is kept in step with a repository by another tool.", {
      facts: { claim },
    });
  const looked = readLive(live, operation);
  if (!looked.ok) return failMistakes("target_refused", looked.mistakes);
  const certified = certifiedOf(operation, looked.value.values());
  const precondition = preconditionOf(sight, certified);
  if (!precondition.ok) return precondition;
  const places = placesOf(sight, { ...certified, pointers: Object.values(live).map(({ at }) => at) });
  if (!places.ok) return places;
  const seen = Object.entries(live).map(([name, { at, show }]) => ({ name, show, value: places.value.get(at)?.value }));
  return ok({
    target,
    uid: sight.uid,
    version: sight.version,
    fields: Object.fromEntries(seen.map(({ name, value }) => [name, fieldDigest(value)])),
    values: showable(seen.filter(({ show }) => show)),
    // The API keeps no earlier values.
    previous: {},
    precondition: precondition.value,
  });
}

/** Only what a parameter could be is shown: text on one line of at most 512 characters, safe integers, booleans. */
function showable(seen: readonly { readonly name: string; readonly value: Json | undefined }[]): LiveState["values"] {
  const shown: LiveState["values"] = {};
  for (const { name, value } of seen) {
    const text = typeof value === "string" && TEXT.test(value);
    if (text || typeof value === "boolean" || Number.isSafeInteger(value)) Reflect.set(shown, name, value);
  }
  return shown;
}

/** The API's own word for a failure, where it is a plain one. */
export function reasonOf(reason: string | undefined): string {
  return reason !== undefined && REASON.test(reason) ? reason : "no reason given";
}
