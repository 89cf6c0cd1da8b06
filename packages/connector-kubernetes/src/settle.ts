import type { ObserveCode, Reconciled } from "@seb/connector";
import { type KubernetesOperation, MARKER_KEY, UID_KEY } from "@seb/connector-kubernetes-language";
import { type Contract, ok, type Result } from "@seb/schema";
import type { KubeClient } from "./client.js";
import { readObject } from "./observe.js";
import { resultOf } from "./plan.js";
import { markerWord } from "./sight.js";

/** An execution whose end is to be found out. */
export interface Case {
  readonly certId: string;
  readonly operation: KubernetesOperation;
  readonly contract: Contract;
  /** Nothing that was sent can arrive any more. */
  readonly fenced: boolean;
}

/**
 * Asks the object what became of an execution. It happened when the marker names it. It did not when, behind a fence, the marker is still
 * the certified one: every certified change replaces it, and no value comes twice. A deletion leaves no marker: with `reconcile: state` an
 * object that is gone counts as deleted by it, which only holds where nobody else may delete it.
 */
export async function reconcile(
  client: KubeClient,
  { certId, operation, contract, fenced }: Case,
  signal: AbortSignal,
): Promise<Result<Reconciled, ObserveCode>> {
  const certifiedUid = contract.precondition[UID_KEY] ?? "";
  const read = await readObject(client, operation.object, signal);
  const isMissing = !read.ok && read.error.facts?.status === 404;
  if (!read.ok && !isMissing) return read;
  const sight = read.ok && read.value.uid === certifiedUid ? read.value : undefined;
  const executed = ok({ state: "executed", result: resultOf(operation, certifiedUid) } as const);
  if (operation.verb === "delete") {
    if (sight === undefined || sight.deleting)
      return contract.reconcile === "state"
        ? executed
        : cannotTell("The object is gone, which does not say who deleted it.");
    return fenced ? ok({ state: "not_executed" }) : cannotTell("What was sent may still arrive.");
  }
  if (sight === undefined) return cannotTell("The object that carried the marker is gone.");
  if (sight.marker === certId) return executed;
  if (!fenced) return cannotTell("What was sent may still arrive.");
  if (markerWord(sight.marker) === contract.precondition[MARKER_KEY]) return ok({ state: "not_executed" });
  return cannotTell("The marker has been replaced since the certificate was issued.");
}

function cannotTell(detail: string): Result<Reconciled, never> {
  return ok({ state: "cannot_tell", detail });
}
