import {
  CertId,
  CertificateClaims,
  Compact,
  closed,
  Digest,
  Key,
  Line,
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
} from "@seb/schema";
import Type, { type Static } from "typebox";

/** Header by which an agent makes its request safe to repeat: 16 to 128 letters, digits, `-` or `_`. */
export const IdempotencyKey = Type.String({ pattern: "^[A-Za-z0-9_-]{16,128}$", maxLength: 128 });

/** What the policies were asked, in full. */
export const PolicyInput = closed({
  subject: Subject,
  action: Name,
  service: Name,
  region: Name,
  context: mapOf(Key, Type.Unknown(), 32),
});
export type PolicyInput = Static<typeof PolicyInput>;

/** Facts of a decision that time changes, by name: at issuance they may only be equal or better than when people were asked. */
export const Volatile = mapOf(Key, Scalar, 32);
export type Volatile = Static<typeof Volatile>;

/** Body of an `issued` record: durable before anything is signed; holds the whole payload. */
export const IssuedBody = closed({
  request: RequestId,
  cert_id: CertId,
  subject: Subject,
  jkt: Thumbprint,
  idempotency_key: IdempotencyKey,
  /** Digest of the request body, `seb-op-v1`. */
  op: Digest,
  /** Digest of the proposal, `seb-proposal-v1`. */
  proposal: Digest,
  /** The recorded request that people approved, when their approvals were needed. */
  pending: Type.Union([RequestId, Type.Null()]),
  claims: CertificateClaims,
  /** Digest of the payload that was prepared. */
  payload: Digest,
  policy_input: PolicyInput,
  reasons: Type.Array(Line, { maxItems: 64 }),
});
export type IssuedBody = Static<typeof IssuedBody>;

/** Body of a `pending` record: everything but people permits it. */
export const PendingBody = closed({
  /** `p_...`: what approvers name. */
  request: RequestId,
  /** `r_...`: the request that was answered with 202. */
  asked: RequestId,
  subject: Subject,
  jkt: Thumbprint,
  idempotency_key: IdempotencyKey,
  op: Digest,
  action: Name,
  resource: Resource,
  scope: Values,
  proposal: Digest,
  /** `seb-stable-contract-v1`. */
  contract: Digest,
  tier: Tier,
  bundle: Digest,
  expires: Seconds,
  needed: Type.Integer({ minimum: 1, maximum: 8 }),
  volatile: Volatile,
  policy_input: PolicyInput,
  reasons: Type.Array(Line, { maxItems: 64 }),
});
export type PendingBody = Static<typeof PendingBody>;

/** Body of an `approval` record; the token itself is kept for auditors. */
export const ApprovalBody = closed({
  request: RequestId,
  jti: Type.String({ maxLength: 28 }),
  approver: Name,
  kid: Thumbprint,
  exp: Seconds,
  approval: Compact,
});
export type ApprovalBody = Static<typeof ApprovalBody>;

/** Body of a `denied` record: a refusal of an agent that proved who it is. */
export const DeniedBody = closed({
  request: RequestId,
  subject: Subject,
  jkt: Thumbprint,
  code: Type.String({ maxLength: 64 }),
  step: Type.String({ maxLength: 32 }),
  op: Digest,
  action: Name,
  service: Name,
  region: Name,
  pointer: Type.Optional(Type.String({ maxLength: 300 })),
  /** Absent where the request was refused before its key was looked at. */
  idempotency_key: Type.Optional(IdempotencyKey),
  bundle: Type.Optional(Digest),
  proposal: Type.Optional(Digest),
  tier: Type.Optional(Tier),
  policy_input: Type.Optional(PolicyInput),
  reasons: Type.Optional(Type.Array(Line, { maxItems: 64 })),
});
export type DeniedBody = Static<typeof DeniedBody>;
