import Type, { type Static } from "typebox";
import {
  CertId,
  Counter,
  closed,
  Key,
  Milliseconds,
  mapOf,
  Name,
  OrderId,
  RequestId,
  Resource,
  Subject,
} from "../words.js";

/** A refusal. What is known of the request stands in it; of a stranger's request that is little. */
export const RefusalBody = closed({
  /** Of the table of codes. */
  code: Type.String({ maxLength: 64 }),
  /** The request that was refused. */
  request_id: Type.String({ maxLength: 64 }),
  /** Step of issuance or admission that refused. */
  step: Type.Optional(Type.String({ maxLength: 32 })),
  /** Steps that were passed, in order, with the one that refused. */
  steps: Type.Optional(Type.Array(Type.String({ maxLength: 32 }), { maxItems: 32 })),
  /** Path of the route table, or `none`: the HTTP shell refused before a handler read anything. */
  route: Type.Optional(Type.String({ maxLength: 200 })),
  detail: Type.Optional(Type.String({ maxLength: 300 })),
  /** What the problem says besides, e.g. the ceiling that was exceeded. */
  facts: Type.Optional(Type.Record(Type.String(), Type.Unknown(), { maxProperties: 64 })),
  cert_id: Type.Optional(CertId),
  subject: Type.Optional(Subject),
  action: Type.Optional(Name),
  resource: Type.Optional(Resource),
  policy: Type.Optional(Name),
  /** The request without a certificate that a pipeline reports (`r_`, `u_`), or the one that an approval names. */
  request: Type.Optional(RequestId),
  /** True where only a verification was asked for: nothing could have been executed. */
  shadow: Type.Optional(Type.Boolean()),
  /** The operator's order that was refused, who signed it and what it was to do. */
  order: Type.Optional(OrderId),
  operator: Type.Optional(Name),
  does: Type.Optional(Type.String({ maxLength: 16 })),
  /** The person whose approval was refused. */
  approver: Type.Optional(Name),
});
export type RefusalBody = Static<typeof RefusalBody>;

/** Refusals of strangers beyond the budget of their second: how many of each code. */
export const RefusalCountsBody = closed({
  /** First and last of the counted refusals. */
  from_ms: Milliseconds,
  to_ms: Milliseconds,
  counts: mapOf(Key, Counter, 256),
});
export type RefusalCountsBody = Static<typeof RefusalCountsBody>;
