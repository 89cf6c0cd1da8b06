import type { TakeRequest, View } from "@seb/authority";
import { matchesPattern } from "@seb/catalogue";
import { fail, ok, type Result, type RevocationKind } from "@seb/schema";

/** What of an execution a revocation can name. */
export type Revocable = Pick<
  TakeRequest,
  "cert_id" | "subject" | "keys" | "policies" | "bundle" | "action" | "resource" | "epochs"
>;

function named(kind: RevocationKind, value: string, it: Revocable): boolean {
  switch (kind) {
    case "everything":
      return true;
    case "certificate":
      return value === it.cert_id;
    case "subject":
      return value === it.subject;
    case "key":
      return it.keys.includes(value);
    case "policy":
      return it.policies.includes(value);
    case "bundle":
      return value === it.bundle;
    case "action":
      return value === it.action;
    case "resource":
      return matchesPattern(value, it.resource);
  }
}

/**
 * Is this execution under a standing revocation, or behind a raised epoch, in this view? `take` decides the same in the store, atomically;
 * this is for the time after it: just before sending, and when a new view arrives while an execution is open.
 */
export function checkRevoked(view: View, it: Revocable): Result<void> {
  for (const { target } of view.standing) {
    if (named(target.kind, target.value, it)) {
      return fail(`revoked_${target.kind}`, "a standing revocation names it", { facts: { seq: view.seq } });
    }
  }
  const stale =
    it.epochs.global < view.epochs.global ||
    it.epochs.subject < (view.epochs.subject[it.subject] ?? 0) ||
    it.epochs.policy.epoch < (view.epochs.policy[it.epochs.policy.id] ?? 0);
  if (stale)
    return fail("epoch_stale", "an epoch was raised since the certificate was issued", { facts: { seq: view.seq } });
  return ok(undefined);
}

/** The parts of a bundle's and a policy's standing that the step `policy` looks at, before the target is asked. */
export function checkPolicy(view: View, it: Revocable): Result<void> {
  const only: View = {
    ...view,
    standing: view.standing.filter(({ target }) => target.kind === "bundle" || target.kind === "policy"),
    epochs: { global: 0, subject: {}, policy: view.epochs.policy },
  };
  return checkRevoked(only, it);
}
