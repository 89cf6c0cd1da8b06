import Type, { type Static } from "typebox";
import { ExecutionState } from "./outcomes.js";
import { Epochs, RevocationTarget } from "./tokens.js";
import {
  CertId,
  Counter,
  closed,
  Digest,
  Instance,
  Key,
  Line,
  Milliseconds,
  Mode,
  mapOf,
  Name,
  RequestId,
  Resource,
  Scalar,
  Seconds,
  Subject,
  Thumbprint,
  Tier,
  Values,
} from "./words.js";

/** A compact JWS as text; the gate of verify-core looks closer. */
export const Compact = Type.String({ minLength: 16, maxLength: 16_384, pattern: "^[A-Za-z0-9_.-]+$" });

/** Parameters as an agent restates them: plain scalars. */
export const Parameters = mapOf(Key, Scalar, 24);
export type Parameters = Static<typeof Parameters>;

/** `POST /v1/observations` at the broker. Asked with a proof by a registered agent. */
export const ObservationRequest = closed({ action: Name, service: Name, region: Name });
export type ObservationRequest = Static<typeof ObservationRequest>;
/** Its answer. */
export const ObservationAnswer = closed({ observation: Compact });
export type ObservationAnswer = Static<typeof ObservationAnswer>;

/** One reference to evidence: the signer fetches or verifies it itself. */
export const EvidenceItem = Type.Union([
  /** An in-toto statement in a DSSE envelope, given in place (base64url of the envelope's JSON). */
  closed({
    type: Type.Literal("attestation"),
    envelope: Type.String({ minLength: 2, maxLength: 65_536, pattern: "^[A-Za-z0-9_-]+$" }),
  }),
  /** A reference for people and records only; it proves nothing. */
  closed({ type: Type.Literal("reference"), name: Key, value: Line }),
]);
export type EvidenceItem = Static<typeof EvidenceItem>;

/** `POST /v1/certificates` at the signer: a proposal. Digest prefix `seb-proposal-v1`. */
export const CertificateRequest = closed({
  action: Name,
  service: Name,
  region: Name,
  /** Values of the action's fixed parameters. */
  parameters: Parameters,
  /** Bounds for the open parameters, by scope key, e.g. `{max_replicas: 12}`. */
  bounds: Values,
  observation: Compact,
  evidence: Type.Array(EvidenceItem, { maxItems: 16 }),
  /** An agent may ask for `shadow` where the control folder says `enforce`, never the other way round. */
  mode: Type.Optional(Type.Literal("shadow")),
});
export type CertificateRequest = Static<typeof CertificateRequest>;
/** Its answers: 201 with the certificate (also when replayed by its idempotency key) ... */
export const CertificateAnswer = closed({
  request: RequestId,
  certificate: Compact,
  cert_id: CertId,
  not_after: Seconds,
  mode: Mode,
  policy: Name,
  replayed: Type.Boolean(),
});
export type CertificateAnswer = Static<typeof CertificateAnswer>;
/** ... or 202 while people are missing (a problem with code `approval_pending` and member `request_id`). */

/** `POST /v1/executions` at the broker: action, resource and every parameter restated in full. */
export const ExecutionRequest = closed({ action: Name, resource: Resource, parameters: Parameters });
export type ExecutionRequest = Static<typeof ExecutionRequest>;

/** State of one execution as stores and lists hold it. */
export const ExecutionAnswer = closed({
  cert_id: CertId,
  state: ExecutionState,
  replayed: Type.Boolean(),
  action: Name,
  resource: Resource,
  subject: Subject,
  parameters: Parameters,
  decided_at_ms: Milliseconds,
  closed_at_ms: Type.Union([Milliseconds, Type.Null()]),
  /** What the target answered, e.g. `{commit: "..."}`. */
  result: mapOf(Key, Type.String({ maxLength: 300 }), 16),
  code: Type.Union([Type.String({ maxLength: 64 }), Type.Null()]),
  fence: Counter,
});
export type ExecutionAnswer = Static<typeof ExecutionAnswer>;

/** A record's line as a receipt: a compact JWS of role `record`. */
export const Receipt = Type.String({ minLength: 16, maxLength: 262_144, pattern: "^[A-Za-z0-9_.-]+$" });
/** Answer of `POST /v1/executions` and of `GET /v1/executions/{cert_id}`. */
export const ExecutionReport = closed({
  ...ExecutionAnswer.properties,
  /** The final outcome's own record line; null while there is none, or where another broker's chain holds it. */
  receipt: Type.Union([Receipt, Type.Null()]),
});
export type ExecutionReport = Static<typeof ExecutionReport>;

/**
 * `POST /v1/verifications` at the broker (shadow): the certificate in `Authorization: DPoP`, if there is one. Without the agent's
 * proof, or without an operation, the answer lists what was not checked. Without a certificate it reports a request that got none.
 */
export const VerificationRequest = closed({
  operation: Type.Optional(ExecutionRequest),
  /** `r_...` the signer refused, `u_...` the signer was not reached. */
  request: Type.Optional(RequestId),
});
export type VerificationRequest = Static<typeof VerificationRequest>;
export const VerificationAnswer = closed({
  verdict: Type.Union([
    Type.Literal("would_execute"),
    Type.Literal("would_refuse"),
    Type.Literal("no_certificate_refused"),
    Type.Literal("no_certificate_unreachable"),
  ]),
  code: Type.Union([Type.String({ maxLength: 64 }), Type.Null()]),
  step: Type.Union([Type.String({ maxLength: 32 }), Type.Null()]),
  cert_id: Type.Union([CertId, Type.Null()]),
  checked: Type.Array(Type.String({ maxLength: 32 }), { maxItems: 32 }),
  not_checked: Type.Array(Type.String({ maxLength: 32 }), { maxItems: 32 }),
});
export type VerificationAnswer = Static<typeof VerificationAnswer>;

/** `POST /v1/orders` at the revocation service, and `POST /v1/resolutions` at the broker. */
export const OrderRequest = closed({ order: Compact });
export type OrderRequest = Static<typeof OrderRequest>;
/** 200 applied; 202 is a problem with code `order_pending`. */
export const OrderAnswer = closed({
  order: Type.String({ maxLength: 28 }),
  seq: Counter,
  epochs: Epochs,
  bundle: Type.Union([Digest, Type.Null()]),
});
export type OrderAnswer = Static<typeof OrderAnswer>;

/** One standing revocation, as `GET /v1/revocations` lists it. */
export const Standing = closed({
  target: RevocationTarget,
  order: Type.String({ maxLength: 28 }),
  by: Name,
  reason: Line,
  at_ms: Milliseconds,
  until: Type.Optional(Seconds),
});
export type Standing = Static<typeof Standing>;
export const RevocationsAnswer = closed({
  seq: Counter,
  generation: Counter,
  epochs: Epochs,
  bundle: Type.Union([Digest, Type.Null()]),
  standing: Type.Array(Standing),
});
export type RevocationsAnswer = Static<typeof RevocationsAnswer>;

/** `GET /v1/actions/{name}` at the signer: enough to make flags from. */
export const ActionAnswer = closed({
  name: Name,
  description: Line,
  bundle: Digest,
  /** JSON Schema (2020-12) of the parameters object. */
  parameters: Type.Record(Type.String(), Type.Unknown()),
  /** Scope keys and how each bounds a parameter. */
  scope: mapOf(Key, closed({ bounds: Key, by: Type.String({ maxLength: 16 }) }), 24),
  connector: Name,
  tier: Tier,
  timeout_seconds: Type.Integer(),
});
export type ActionAnswer = Static<typeof ActionAnswer>;
/** `GET /v1/actions`. */
export const ActionsAnswer = closed({ bundle: Digest, actions: Type.Array(closed({ name: Name, description: Line })) });
export type ActionsAnswer = Static<typeof ActionsAnswer>;

/** `POST /v1/requests/{id}/approvals` at the signer. */
export const ApprovalRequest = closed({ approval: Compact });
export type ApprovalRequest = Static<typeof ApprovalRequest>;
export const ApprovalAnswer = closed({ request: RequestId, approvals: Counter, needed: Counter });
export type ApprovalAnswer = Static<typeof ApprovalAnswer>;
/** `GET /v1/requests/{id}`: what an approver signs. */
export const PendingAnswer = closed({
  request: RequestId,
  state: Type.Union([Type.Literal("pending"), Type.Literal("issued"), Type.Literal("expired")]),
  subject: Subject,
  action: Name,
  resource: Resource,
  scope: Values,
  proposal: Digest,
  contract: Digest,
  tier: Tier,
  bundle: Digest,
  expires: Seconds,
  approvals: Type.Array(Name),
  needed: Counter,
});
export type PendingAnswer = Static<typeof PendingAnswer>;

/** RFC 9457 problem with the members that every one of ours carries. */
export const Problem = Type.Object(
  {
    type: Type.String({ maxLength: 200 }),
    title: Type.String({ maxLength: 300 }),
    status: Type.Integer({ minimum: 200, maximum: 599 }),
    code: Type.String({ maxLength: 64 }),
    detail: Type.String({ maxLength: 1000 }),
    remedy: Type.String({ maxLength: 300 }),
    retry: Type.String({ maxLength: 20 }),
    /** Identifies this request in records and logs. */
    request_id: Type.String({ maxLength: 64 }),
    pointer: Type.Optional(Type.String({ maxLength: 300 })),
    step: Type.Optional(Type.String({ maxLength: 32 })),
    facts: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
  },
  { additionalProperties: false },
);
export type Problem = Static<typeof Problem>;

export { Instance, Thumbprint };
