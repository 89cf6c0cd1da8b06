import Type, { type Static } from "typebox";
import { Standing } from "../http.js";
import { ACTIVATE_MEMBERS, Epochs, OTHER_ORDERS } from "../tokens.js";
import { Counter, closed, Digest, Line, Milliseconds, Name, OrderId, Seconds, Thumbprint } from "../words.js";

/** What an order in a journal says: as `OrderBody`; activations of f5082e2 have no `wire`. */
export const RecordedOrder = Type.Union([
  ...OTHER_ORDERS,
  closed({ ...ACTIVATE_MEMBERS, wire: Type.Optional(ACTIVATE_MEMBERS.wire) }),
]);
export type RecordedOrder = Static<typeof RecordedOrder>;

const common = {
  /** The order as the operator signed it. */
  token: Type.String({ maxLength: 8192 }),
  kid: Thumbprint,
  operator: Name,
  id: OrderId,
  order: RecordedOrder,
  reason: Line,
  /** The service's wall clock when it decided. */
  clock_ms: Milliseconds,
  /** The other operator's earlier order, where two are needed. */
  first: Type.Optional(OrderId),
};

/** An operator's order. */
export const OrderRecord = closed({
  ...common,
  /** `waits`: the first of two; it changes nothing yet. */
  stage: Type.Union([Type.Literal("applied"), Type.Literal("waits")]),
  /** When a revoked certificate is certainly dead. */
  until: Type.Optional(Seconds),
});
export type OrderRecord = Static<typeof OrderRecord>;

/** The second of two orders that activate a bundle. */
export const ActivationRecord = closed({
  ...common,
  first: OrderId,
  bundle: Digest,
  /** Policies of the previous and of the new bundle: each one's epoch rises. */
  policies: Type.Array(Name, { maxItems: 10_000 }),
});
export type ActivationRecord = Static<typeof ActivationRecord>;

/** Why a view had to be rebuilt. */
export const RebuildReason = Type.Union([
  Type.Literal("store_empty"),
  Type.Literal("store_run_changed"),
  Type.Literal("store_differs"),
  Type.Literal("status_ahead"),
  Type.Literal("clock_backwards"),
]);
export type RebuildReason = Static<typeof RebuildReason>;

/** The view's new beginning, in full. */
export const RebuildRecord = closed({
  reason: RebuildReason,
  clock_ms: Milliseconds,
  /** Run of the store that the view is pinned to. */
  run_id: Type.String({ minLength: 1, maxLength: 64 }),
  generation: Counter,
  seq: Counter,
  epochs: Epochs,
  /** Standing revocations that only a later view in the store knew: none is forgotten. */
  adopted: Type.Array(Standing),
});
export type RebuildRecord = Static<typeof RebuildRecord>;
