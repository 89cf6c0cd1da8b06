import Type, { type Static } from "typebox";
import { Compact } from "../http.js";
import { CertificateClaims } from "../tokens.js";
import {
  CertId,
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
} from "../words.js";

/** Header by which an agent makes its request safe to repeat: 16 to 128 letters, digits, `-` or `_`. */
export const IdempotencyKey = Type.String({ pattern: "^[A-Za-z0-9_-]{16,128}$", maxLength: 128 });

/** What the policies were asked, in full. */
export const PolicyInput = closed({
  subject: Subject,
  action: Name,
  service: Name,
  region: Name,
  /** Facts by name. */
  context: mapOf(Key, Type.Unknown(), 32),
});
export type PolicyInput = Static<typeof PolicyInput>;

/** Facts of a decision that time changes, by name: at issuance they may only be equal or better than when people were asked. */
export const Volatile = mapOf(Key, Scalar, 32);
export type Volatile = Static<typeof Volatile>;

/** A certificate, durable before anything is signed. */
export const IssuedBody = closed({
  request: RequestId,
  cert_id: CertId,
  subject: Subject,
  /** The key that must prove possession. */
  jkt: Thumbprint,
  idempotency_key: IdempotencyKey,
  /** Digest of the request body, `seb-op-v1`. */
  op: Digest,
  /** Digest of the proposal, `seb-proposal-v1`. */
  proposal: Digest,
  /** The recorded request that people approved, when their approvals were needed. */
  pending: Type.Union([RequestId, Type.Null()]),
  /** The whole payload. */
  claims: CertificateClaims,
  /** Digest of the payload that was prepared. */
  payload: Digest,
  policy_input: PolicyInput,
  reasons: Type.Array(Line, { maxItems: 64 }),
});
export type IssuedBody = Static<typeof IssuedBody>;

/** A request that only lacks people. */
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
  /** Digest of the contract without its volatile parts, `seb-stable-contract-v1`. */
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

/** A person's approval; the token itself is kept for auditors. */
export const ApprovalBody = closed({
  request: RequestId,
  jti: Type.String({ maxLength: 28 }),
  approver: Name,
  kid: Thumbprint,
  exp: Seconds,
  approval: Compact,
});
export type ApprovalBody = Static<typeof ApprovalBody>;

/** A refusal of an agent that proved who it is. */
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
  /** The member of the request that was refused. */
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
