import Type, { type Static } from "typebox";
import { Compact, ExecutionAnswer, Parameters, VerificationAnswer } from "../http.js";
import { RecordedState } from "../outcomes.js";
import { CertificateClaims } from "../tokens.js";
import {
  CertId,
  Counter,
  closed,
  Digest,
  Instance,
  Mode,
  Name,
  RequestId,
  Resource,
  Subject,
  Thumbprint,
  Tier,
} from "../words.js";

const Steps = Type.Array(Type.String({ maxLength: 32 }), { maxItems: 32 });
const CodeOrNull = Type.Union([Type.String({ maxLength: 64 }), Type.Null()]);

/** Who may do what, under which policy, seen against which state and view: durable before anything is sent. */
export const DecisionBody = closed({
  cert_id: CertId,
  request_id: RequestId,
  subject: Subject,
  action: Name,
  resource: Resource,
  parameters: Parameters,
  /** The policy that permitted it. */
  policy: Name,
  tier: Tier,
  /** The certificate's claims in full. */
  certificate: CertificateClaims,
  signer_kid: Thumbprint,
  /** Digest of the request body, `seb-op-v1`. */
  op: Digest,
  fence: Counter,
  /** Sequence of the view under which the certificate was taken. */
  take_seq: Counter,
  /** Generation of the store. */
  generation: Counter,
  /** Version of the target when it was observed. */
  target_version: Type.String({ maxLength: 200 }),
  /** Digests of the platform's files in force. */
  ceilings: Digest,
  targets: Digest,
  /** Steps that were passed, in order. */
  steps: Steps,
});
export type DecisionBody = Static<typeof DecisionBody>;

/** What became of an execution. Of several outcomes the one with the highest fence counts. */
export const OutcomeBody = closed({
  cert_id: CertId,
  subject: Subject,
  action: Name,
  resource: Resource,
  policy: Name,
  /** A recorded state of the table of outcomes. */
  state: RecordedState,
  code: CodeOrNull,
  detail: Type.String({ maxLength: 300 }),
  /** What the target answered, e.g. `{commit: "..."}`. */
  result: ExecutionAnswer.properties.result,
  /** `broker`, `reconciler` or `operator:<name>`. */
  by: Type.String({ pattern: "^(broker|reconciler|operator:[a-z0-9-]{1,63})$", maxLength: 72 }),
  fence: Counter,
  take_seq: Counter,
  /** Sequence of the view that recalled it while it was under way. */
  recall_seq: Type.Union([Counter, Type.Null()]),
  /** The identity that acted; null where none was made. */
  identity: Type.Union([Type.String({ maxLength: 300 }), Type.Null()]),
});
export type OutcomeBody = Static<typeof OutcomeBody>;

/** An execution under way was revoked, and the target was told. */
export const RecallBody = closed({
  cert_id: CertId,
  subject: Subject,
  /** Code of the revocation. */
  code: CodeOrNull,
  take_seq: Counter,
  recall_seq: Type.Union([Counter, Type.Null()]),
  fence: Counter,
  /** `fenced`, or the code with which the target failed. */
  target: Type.String({ maxLength: 64 }),
});
export type RecallBody = Static<typeof RecallBody>;

/** A broker took over an execution that another broker, or its own earlier boot, had left open. */
export const TakeoverBody = closed({
  cert_id: CertId,
  /** The raised fence. */
  fence: Counter,
  from_broker: Instance,
  from_boot: Counter,
  take_seq: Counter,
});
export type TakeoverBody = Static<typeof TakeoverBody>;

/** A named operator says what became of an execution about which the target cannot tell. */
export const ResolutionBody = closed({
  cert_id: CertId,
  operator: Name,
  /** The order as the operator signed it. */
  order: Compact,
  state: RecordedState,
});
export type ResolutionBody = Static<typeof ResolutionBody>;

const { cert_id: _certId, ...verdictMembers } = VerificationAnswer.properties;
/** What would have become of an authentic certificate; nothing was changed. */
export const VerificationBody = closed({
  ...verdictMembers,
  cert_id: CertId,
  request_id: RequestId,
  subject: Subject,
  action: Name,
  resource: Resource,
  policy: Name,
  mode: Mode,
});
export type VerificationBody = Static<typeof VerificationBody>;
