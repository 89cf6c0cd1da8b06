import { targetKey } from "@seb/authority";
import { canonicalize } from "@seb/canonical";
import {
  type ActivationRecord,
  type Epochs,
  type Failure,
  fail,
  type OrderBody,
  type OrderRecord,
  ok,
  type Result,
  WIRE,
} from "@seb/schema";
import type { VerifiedOrder } from "@seb/verify-core";
import { raised, TWO_OPERATORS_MS } from "../journal/fold.js";
import { type Ledger, thingOf } from "../journal/ledger.js";
import type { BundleStore } from "../ports.js";
import { policiesOfBoth, readBundle } from "./bundle-policies.js";

/** What an order leads to: a record to make durable. */
export type Plan =
  | { readonly kind: "order"; readonly body: OrderRecord }
  | { readonly kind: "activation"; readonly body: ActivationRecord };

export type PlanCode =
  | "order_invalid"
  | "order_replayed"
  | "order_same_operator"
  | "order_target_unknown"
  | "bundle_unknown"
  | "bundle_invalid"
  | "revoked_bundle"
  | "revoked_key"
  | "store_unavailable";

/** A certificate is dead this long after its revocation, in seconds: above every broker's cap on a certificate's life. */
export const CERTIFICATE_DEAD_AFTER_SECONDS = 600;
const MAX_STANDING = 10_000;
/** Most characters of epochs as JSON: with them a status stays within its 64 KB. */
const MAX_EPOCHS_LENGTH = 44_000;

const POINTER = { pointer: "/order" } as const;
const refuse = <C extends PlanCode>(code: C, detail: string, facts: Failure["facts"] = {}) =>
  fail(code, detail, { ...POINTER, facts });

/** Does this key stand revoked? Then it gives no order of any kind, and what it began counts no more. */
const isRevoked = (ledger: Ledger, kid: string) => ledger.standing.has(targetKey({ kind: "key", value: kid }));

/**
 * Decides what a verified order does to the ledger, without doing it. Times in milliseconds of the service's wall clock.
 *
 * A key's revocation is lifted by two operators whose keys do not stand revoked. Nothing keeps operators from revoking the last
 * such keys: a stolen key must never be spared. New operators then come with a new trust file, which the offline owners sign.
 */
export async function plan(
  ledger: Ledger,
  verified: VerifiedOrder,
  token: string,
  nowMs: number,
  bundles: BundleStore,
): Promise<Result<Plan, PlanCode>> {
  const { claims, kid, operator } = verified;
  if (isRevoked(ledger, kid))
    return refuse("revoked_key", "The operator's key stands revoked: other operators can lift that.", { kid });
  if (ledger.used.has(claims.jti))
    return refuse("order_replayed", "This order is in the journal.", { order: claims.jti });
  const { order, reason, jti: id } = claims;
  const base = { token, kid, operator, id, order, reason, clock_ms: nowMs };
  switch (order.do) {
    case "revoke":
      return planRevoke(ledger, order, base);
    case "epoch":
      return planEpoch(ledger, order, base);
    case "lift":
      return planLift(ledger, base, order.target);
    case "activate":
      return planActivate(ledger, base, order, bundles);
    case "resolve":
      return refuse("order_invalid", "An execution is resolved at its broker, not here.");
  }
}

type Base = Omit<OrderRecord, "stage" | "until" | "first">;
const applied = (body: OrderRecord) => ok<Plan>({ kind: "order", body });

function planRevoke(
  ledger: Ledger,
  { target, until }: Extract<OrderBody, { do: "revoke" }>,
  base: Base,
): Result<Plan, "order_invalid"> {
  const isNew = !ledger.standing.has(targetKey(target));
  if (isNew && ledger.standing.size >= MAX_STANDING && target.kind !== "everything")
    return refuse("order_invalid", `More than ${MAX_STANDING} revocations cannot stand: revoke something wider.`);
  if (target.kind !== "certificate") {
    if (until === undefined) return applied({ ...base, stage: "applied" });
    return refuse("order_invalid", "Only the revocation of a certificate ends by itself; others are lifted.");
  }
  // Never earlier than the certificate's own end can be, whatever the order says.
  const dead = Math.ceil(base.clock_ms / 1000) + CERTIFICATE_DEAD_AFTER_SECONDS;
  return applied({ ...base, stage: "applied", until: Math.max(until ?? 0, dead) });
}

function epochsFit(epochs: Epochs): boolean {
  return canonicalize(epochs).length <= MAX_EPOCHS_LENGTH;
}

function planEpoch(
  ledger: Ledger,
  { target }: Extract<OrderBody, { do: "epoch" }>,
  base: Base,
): Result<Plan, "order_invalid"> {
  if (epochsFit(raised(ledger.epochs, target))) return applied({ ...base, stage: "applied" });
  return refuse("order_invalid", "No more epochs fit into a status: raise the global one.");
}

/** The other operator's order that this one completes; undefined when this is the first. */
function otherOperator(ledger: Ledger, base: Base): Result<string | undefined, "order_same_operator"> {
  const waiting = ledger.waiting.get(thingOf(base.order));
  // By distance, so that a moved clock makes nobody wait longer than the span.
  if (waiting === undefined || Math.abs(base.clock_ms - waiting.clock_ms) > TWO_OPERATORS_MS) return ok(undefined);
  if (isRevoked(ledger, waiting.kid)) return ok(undefined);
  if (waiting.operator !== base.operator) return ok(waiting.id);
  return refuse("order_same_operator", "The first of the two orders came from the same operator.", {
    order: waiting.id,
  });
}

function planLift(
  ledger: Ledger,
  base: Base,
  target: Extract<OrderBody, { do: "lift" }>["target"],
): Result<Plan, PlanCode> {
  if (!ledger.standing.has(targetKey(target)))
    return refuse("order_target_unknown", "Nothing like that stands.", { kind: target.kind, value: target.value });
  const first = otherOperator(ledger, base);
  if (!first.ok) return first;
  if (first.value === undefined) return applied({ ...base, stage: "waits" });
  return applied({ ...base, stage: "applied", first: first.value });
}

async function planActivate(
  ledger: Ledger,
  base: Base,
  { bundle: digest, wire }: Extract<OrderBody, { do: "activate" }>,
  bundles: BundleStore,
): Promise<Result<Plan, PlanCode>> {
  // Writers would emit what this service cannot open: it would be the first that its own activation stops.
  if (!WIRE.some((known) => known === wire))
    return refuse("order_invalid", `The order names wire ${wire}; this service opens ${WIRE.join(", ")}.`, { wire });
  if (ledger.standing.has(targetKey({ kind: "bundle", value: digest })))
    return refuse("revoked_bundle", "The bundle is under a standing revocation.", { bundle: digest });
  const bundle = await readBundle(bundles, digest);
  if (!bundle.ok) return bundle;
  const first = otherOperator(ledger, base);
  if (!first.ok) return first;
  if (first.value === undefined) return applied({ ...base, stage: "waits" });
  const policies = await policiesOfBoth(bundles, bundle.value, ledger.bundle);
  const epochs = policies.reduce((all, value) => raised(all, { kind: "policy", value }), ledger.epochs);
  if (!epochsFit(epochs)) return refuse("order_invalid", "The epochs of these policies do not fit into a status.");
  return ok({ kind: "activation", body: { ...base, first: first.value, bundle: digest, policies } });
}
