import {
  Counter,
  closed,
  Digest,
  Epochs,
  Line,
  Milliseconds,
  Name,
  OrderBody,
  OrderId,
  Seconds,
  Standing,
  Thumbprint,
} from "@seb/schema";
import Type, { type Static } from "typebox";

const common = {
  /** The order as the operator signed it. */
  token: Type.String({ maxLength: 8192 }),
  kid: Thumbprint,
  operator: Name,
  id: OrderId,
  order: OrderBody,
  reason: Line,
  /** The service's wall clock when it decided. */
  clock_ms: Milliseconds,
  /** The other operator's earlier order, where two are needed. */
  first: Type.Optional(OrderId),
};

/** Body of a record of kind `order`. `waits`: the first of two; it changes nothing yet. */
export const OrderRecord = closed({
  ...common,
  stage: Type.Union([Type.Literal("applied"), Type.Literal("waits")]),
  /** When a revoked certificate is certainly dead, in seconds. */
  until: Type.Optional(Seconds),
});
export type OrderRecord = Static<typeof OrderRecord>;

/** Body of a record of kind `activation`: the second of two orders that activate a bundle. */
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

/** Body of a record of kind `rebuild`: the view's new beginning, in full. */
export const RebuildRecord = closed({
  reason: RebuildReason,
  clock_ms: Milliseconds,
  run_id: Type.String({ minLength: 1, maxLength: 64 }),
  generation: Counter,
  seq: Counter,
  epochs: Epochs,
  /** Standing revocations that only a later view in the store knew: none is forgotten. */
  adopted: Type.Array(Standing),
});
export type RebuildRecord = Static<typeof RebuildRecord>;
