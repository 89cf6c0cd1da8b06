import Type, { type Static } from "typebox";
import { Contract, LiveState } from "./contract.js";
import { StatedState } from "./outcomes.js";
import { WireNumber } from "./wire.js";
import {
  Audience,
  CertId,
  Counter,
  closed,
  Digest,
  Instance,
  Issuer,
  Key,
  Line,
  Milliseconds,
  Mode,
  mapOf,
  Name,
  OrderId,
  PublicJwk,
  RequestId,
  Resource,
  ScopeValue,
  Seconds,
  Subject,
  Thumbprint,
  Tier,
  Values,
  Ver,
} from "./words.js";

/** Roles of keys and the one `typ` each may sign. */
export const TYP_OF_ROLE = {
  certificate: "seb-cert+jwt",
  observation: "seb-observation+jws",
  status: "seb-status+jws",
  record: "seb-record+jws",
  order: "seb-order+jws",
  approval: "seb-approval+jws",
  owner: "seb-trust+json",
} as const;
export type Role = keyof typeof TYP_OF_ROLE;
export type Typ = (typeof TYP_OF_ROLE)[Role];
/** `typ` of a proof of possession (RFC 9449, section 4.2). */
export const DPOP_TYP = "dpop+jwt";

/** Largest size of each compact token, in bytes. */
export const MAX_TOKEN_BYTES: Readonly<Record<Typ | typeof DPOP_TYP, number>> = {
  "seb-cert+jwt": 6144,
  "seb-observation+jws": 8192,
  "seb-status+jws": 65_536,
  "seb-record+jws": 262_144,
  "seb-order+jws": 8192,
  "seb-approval+jws": 8192,
  "seb-trust+json": 262_144,
  "dpop+jwt": 4096,
};

export const Epochs = closed({
  global: Counter,
  subject: mapOf(Subject, Counter, 10_000),
  policy: mapOf(Name, Counter, 10_000),
});
export type Epochs = Static<typeof Epochs>;

const Fact = Type.Union([ScopeValue, Type.Null()]);

/** Claims of a certificate (`seb-cert+jwt`). Times in seconds; the window is [nbf, exp). */
export const CertificateClaims = closed({
  ver: Ver,
  /** The certificate's id: fit for ref names and Kubernetes names. */
  jti: CertId,
  /** The signer: the name of the key that signs. */
  iss: Issuer,
  /** The one broker that may act on it: the signer's choice, from the service's entry. */
  aud: Audience,
  /** The authenticated agent. */
  sub: Subject,
  /** Whom the agent acts for. */
  act: Type.Optional(closed({ sub: Type.String({ maxLength: 200 }) })),
  /** When it was issued. */
  iat: Seconds,
  /** Begin of the window. */
  nbf: Seconds,
  /** End of the window, not included. */
  exp: Seconds,
  /** The action as granted. */
  action: Name,
  /** The one resource it is about. */
  resource: Resource,
  /** Bounds of the parameters, by scope key. */
  scope: Values,
  /** The compiled operation with its open parameters and its precondition: what is executed. */
  contract: Contract,
  /** The control bundle that the contract was compiled from. */
  bundle: Digest,
  /** What was looked at before issuing. */
  evidence: closed({
    /** Of the full evidence, which the signer keeps. */
    digest: Digest,
    /** Digests or identifiers of what was looked at, and the results that the policy saw. */
    facts: mapOf(Key, Fact, 32),
  }),
  /** The policy that permitted it, others that did as well, and that policy's epoch. */
  policy: closed({ id: Name, also: Type.Array(Name, { maxItems: 8 }), epoch: Counter }),
  /** Global and subject epoch under which it was decided. */
  epochs: closed({ global: Counter, subject: Counter }),
  /** Tier of consequence. */
  tier: Tier,
  /** A shadow certificate can never execute. */
  mode: Mode,
  /** Ids (of approvals) that are consumed with it, remembered until then. */
  once: Type.Array(closed({ id: Type.String({ maxLength: 64 }), until: Seconds }), { maxItems: 8 }),
  /** Thumbprint of the key that must prove possession (RFC 7800, RFC 9449). */
  cnf: closed({ jkt: Thumbprint }),
});
export type CertificateClaims = Static<typeof CertificateClaims>;

/** Claims of an observation (`seb-observation+jws`), valid for 60 s by default. */
export const ObservationClaims = closed({
  ver: Ver,
  /** The broker that looked. */
  iss: Issuer,
  aud: Audience,
  /** The agent that asked. */
  sub: Subject,
  iat: Seconds,
  exp: Seconds,
  /** The bundle whose action and service entry said what to look at. */
  bundle: Digest,
  action: Name,
  resource: Resource,
  /** What was seen. */
  state: LiveState,
});
export type ObservationClaims = Static<typeof ObservationClaims>;

/** Claims of the revocation service's signed status (`seb-status+jws`): heartbeat and change notice in one. */
export const StatusClaims = closed({
  ver: Ver,
  iss: Issuer,
  aud: Audience,
  /** Sequence of the view: rises by one with each change. */
  seq: Counter,
  /** Rises with every status of one generation. */
  issued_at_ms: Milliseconds,
  epochs: Epochs,
  /** Digest of the active control bundle; null when none is active. */
  bundle: Type.Union([Digest, Type.Null()]),
  /** Generation of the view: rises with each rebuild after a discontinuity. */
  generation: Counter,
  /** The store's run identity that the view is pinned to. */
  run_id: Type.String({ minLength: 1, maxLength: 64, pattern: "^[A-Za-z0-9_-]+$" }),
});
export type StatusClaims = Static<typeof StatusClaims>;

/** Something that a standing revocation or a lift names. */
export const RevocationTarget = Type.Union([
  closed({ kind: Type.Literal("certificate"), value: CertId }),
  closed({ kind: Type.Literal("subject"), value: Subject }),
  closed({ kind: Type.Literal("key"), value: Thumbprint }),
  closed({ kind: Type.Literal("policy"), value: Name }),
  closed({ kind: Type.Literal("bundle"), value: Digest }),
  /** A resource or a pattern whose service or region may be `*`. */
  closed({
    kind: Type.Literal("resource"),
    value: Type.String({ pattern: "^service:([a-z0-9-]{1,63}|\\*)/region:([a-z0-9-]{1,63}|\\*)$", maxLength: 144 }),
  }),
  closed({ kind: Type.Literal("action"), value: Name }),
  closed({ kind: Type.Literal("everything"), value: Type.Literal("*") }),
]);
export type RevocationTarget = Static<typeof RevocationTarget>;
export type RevocationKind = RevocationTarget["kind"];
export const REVOCATION_KINDS = [
  "certificate",
  "subject",
  "key",
  "policy",
  "bundle",
  "resource",
  "action",
  "everything",
] as const;

export const EpochTarget = Type.Union([
  closed({ kind: Type.Literal("global"), value: Type.Literal("*") }),
  closed({ kind: Type.Literal("subject"), value: Subject }),
  closed({ kind: Type.Literal("policy"), value: Name }),
]);
export type EpochTarget = Static<typeof EpochTarget>;

/** Orders other than the activation of a bundle. */
export const OTHER_ORDERS = [
  closed({ do: Type.Literal("revoke"), target: RevocationTarget, until: Type.Optional(Seconds) }),
  closed({ do: Type.Literal("lift"), target: RevocationTarget }),
  closed({ do: Type.Literal("epoch"), target: EpochTarget }),
  closed({ do: Type.Literal("resolve"), certificate: CertId, state: StatedState }),
] as const;
/** Members of an order that activates a bundle. `wire`: the generation of the wire up to which writers may emit from then on. */
export const ACTIVATE_MEMBERS = { do: Type.Literal("activate"), bundle: Digest, wire: WireNumber } as const;

/** What an operator's order says. `revoke` and `epoch` need one operator, `lift` and `activate` two, `resolve` one. */
export const OrderBody = Type.Union([...OTHER_ORDERS, closed(ACTIVATE_MEMBERS)]);
export type OrderBody = Static<typeof OrderBody>;

/** Claims of an operator's order (`seb-order+jws`), valid for at most 10 minutes. */
export const OrderClaims = closed({
  ver: Ver,
  jti: OrderId,
  aud: Audience,
  /** The operator's name in the trust file. */
  sub: Name,
  iat: Seconds,
  exp: Seconds,
  order: OrderBody,
  reason: Line,
});
export type OrderClaims = Static<typeof OrderClaims>;

/** Claims of a person's approval (`seb-approval+jws`). */
export const ApprovalClaims = closed({
  ver: Ver,
  jti: Type.String({ pattern: "^a_[a-z2-7]{26}$", maxLength: 28 }),
  aud: Audience,
  /** The person's name in the control folder. */
  sub: Name,
  iat: Seconds,
  exp: Seconds,
  request: RequestId,
  /** Digest of the proposal, `seb-proposal-v1`. */
  proposal: Digest,
  /** Digest of the contract without its volatile parts, `seb-stable-contract-v1`. */
  contract: Digest,
  tier: Tier,
  bundle: Digest,
});
export type ApprovalClaims = Static<typeof ApprovalClaims>;

/** One trusted key. */
export const TrustKey = closed({
  kid: Thumbprint,
  role: Type.Union([
    Type.Literal("certificate"),
    Type.Literal("observation"),
    Type.Literal("status"),
    Type.Literal("record"),
    Type.Literal("order"),
  ]),
  /** Issuer (certificate, observation, status), instance (record) or operator (order) that owns the key. */
  name: Issuer,
  jwk: PublicJwk,
  aud: Audience,
  nbf: Seconds,
  exp: Seconds,
});
export type TrustKey = Static<typeof TrustKey>;

/** Payload of `trust.json`, signed by k of n owners (JWS general serialization). */
export const TrustPayload = closed({
  ver: Ver,
  version: Counter,
  iat: Seconds,
  exp: Seconds,
  owners: Type.Array(PublicJwk, { minItems: 1, maxItems: 16 }),
  keys: Type.Array(TrustKey, { minItems: 1, maxItems: 256 }),
});
export type TrustPayload = Static<typeof TrustPayload>;

/** Claims of a record (`seb-record+jws`): one link of a writer's chain. */
export const RecordClaims = closed({
  ver: Ver,
  /** Instance that writes the chain. */
  writer: Instance,
  /** Boot of that instance, from 1. */
  boot: Counter,
  /** Position in the whole chain of the instance, from 0, never starting anew. */
  seq: Counter,
  /** Digest of the previous line's bytes; of nothing (`sha256:` and 64 zeros) for the first one ever. */
  prev: Digest,
  at_ms: Milliseconds,
  kind: Name,
  body: mapOf(Key, Type.Unknown(), 64),
});
export type RecordClaims = Static<typeof RecordClaims>;

/** Claims of a proof of possession: RFC 9449, section 4.2, and `op`, the digest of the body (`seb-op-v1`). */
export const ProofClaims = closed({
  /** Never used before with this key. */
  jti: Type.String({ minLength: 16, maxLength: 128, pattern: "^[A-Za-z0-9_-]+$" }),
  /** Method of the request. */
  htm: Type.String({ maxLength: 10, pattern: "^[A-Z]+$" }),
  /** Public address of the request. Compared without query and fragment, normalised. */
  htu: Type.String({ maxLength: 512 }),
  iat: Seconds,
  /** SHA-256 of the certificate that is presented along with it, base64url. */
  ath: Type.Optional(Type.String({ pattern: "^[A-Za-z0-9_-]{43}$" })),
  /** Digest of the body, `seb-op-v1`; exactly where there is a body. */
  op: Type.Optional(Digest),
});
export type ProofClaims = Static<typeof ProofClaims>;
