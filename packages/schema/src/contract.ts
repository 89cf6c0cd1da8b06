import Type, { type Static } from "typebox";
import { Audience, closed, Digest, Key, mapOf, Name, Resource, Values, Ver } from "./words.js";

/** What must still hold when the change is made: made by the connector's observation, opaque to everybody else. */
export const Precondition = mapOf(Type.String({ pattern: "^[!-~]{1,200}$" }), Type.String({ maxLength: 200 }), 32);
export type Precondition = Static<typeof Precondition>;

/** A parameter left open in the contract: judged by its worst value, filled at execution. */
export const OpenParameter = Type.Union([
  closed({ type: Type.Literal("integer"), minimum: Type.Integer(), maximum: Type.Integer() }),
  closed({
    type: Type.Literal("enum"),
    values: Type.Array(Type.String({ maxLength: 128 }), { minItems: 1, maxItems: 32 }),
  }),
]);
export type OpenParameter = Static<typeof OpenParameter>;

/** Operation template of a connector: plain JSON; `{"$open": "<parameter>"}` marks where an open parameter goes. */
export const OperationTemplate = mapOf(Key, Type.Unknown(), 24);
export type OperationTemplate = Static<typeof OperationTemplate>;

/** The compiled operation, its constraints and its precondition. Digest prefix `seb-contract-v1`. */
export const Contract = closed({
  ver: Ver,
  action: Name,
  resource: Resource,
  audience: Audience,
  connector: Name,
  /** Name in the broker's targets.yaml. */
  target: Name,
  operation: OperationTemplate,
  open: mapOf(Key, OpenParameter, 12),
  precondition: Precondition,
  /** How an execution whose reply was lost can be looked up: by marker, by state, or not at all. */
  reconcile: Type.Union([Type.Literal("exact"), Type.Literal("state"), Type.Literal("none")]),
  identity: Type.Union([Type.Literal("minted"), Type.Literal("held")]),
  timeout_seconds: Type.Integer({ minimum: 1, maximum: 120 }),
});
export type Contract = Static<typeof Contract>;

/** What `instantiate` yields: the operation with every open parameter filled. Digest prefix `seb-operation-v1`. */
export const Operation = closed({
  connector: Name,
  target: Name,
  operation: OperationTemplate,
});
export type Operation = Static<typeof Operation>;

/** The live state that matters to an action, as the broker saw it. */
export const LiveState = closed({
  target: Name,
  /** Identity of the object as the target knows it, e.g. a repository's root commit or a Kubernetes uid. */
  uid: Type.String({ maxLength: 200 }),
  /** Version of the whole target when seen, e.g. the head commit; informative. */
  version: Type.String({ maxLength: 200 }),
  /** Digest of each live field that matters. */
  fields: mapOf(Key, Digest, 24),
  /** Values of those fields that the action declares as showable. */
  values: Values,
  /** Earlier values, where the target remembers them (e.g. the image before the present one). */
  previous: Values,
  precondition: Precondition,
});
export type LiveState = Static<typeof LiveState>;
