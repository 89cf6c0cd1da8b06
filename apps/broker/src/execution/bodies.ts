import type {
  Code,
  DecisionBody,
  ExecutionAnswer,
  Failure,
  OutcomeBody,
  RecordedState,
  RefusalBody,
} from "@seb/schema";
import { cutText } from "@seb/schema";
import type { TraceRow } from "../admission/steps.js";
import type { Checked } from "../admission/subject.js";
import type { BrokerPorts } from "../ports.js";

/** Body of a `decision` record: who may do what, under which policy, seen against which state and view. */
export function decisionBody(
  ports: Pick<BrokerPorts, "digests">,
  checked: Checked,
  taken: { readonly fence: number; readonly seq: number },
  requestId: string,
  trace: readonly TraceRow[],
): DecisionBody {
  const { claims, take, seen } = checked;
  return {
    cert_id: claims.jti,
    request_id: requestId,
    subject: claims.sub,
    action: claims.action,
    resource: claims.resource,
    parameters: take.entry.request.parameters,
    policy: claims.policy.id,
    tier: claims.tier,
    certificate: claims,
    signer_kid: checked.signerKid,
    op: take.entry.op,
    fence: taken.fence,
    take_seq: taken.seq,
    generation: take.pin.generation,
    target_version: seen.version,
    ceilings: ports.digests.ceilings,
    targets: ports.digests.targets,
    steps: trace.map(({ step }) => step),
  };
}

/** How an execution ended, or that nobody knows. */
export interface Ending {
  readonly state: RecordedState;
  readonly code: Code | null;
  readonly detail: string;
  readonly result: Readonly<Record<string, string>>;
  /** `broker`, `reconciler` or `operator:<name>`. */
  readonly by: string;
}

/** Body of an `outcome` record. The one with the highest fence is final. */
export function outcomeBody(
  known: Pick<ExecutionAnswer, "cert_id" | "subject" | "action" | "resource"> & { readonly policy: string },
  ending: Ending,
  place: {
    readonly fence: number;
    readonly takeSeq: number;
    readonly recallSeq: number | null;
    readonly identity: string | null;
  },
): OutcomeBody {
  return {
    cert_id: known.cert_id,
    subject: known.subject,
    action: known.action,
    resource: known.resource,
    policy: known.policy,
    state: ending.state,
    code: ending.code,
    detail: cutText(ending.detail, 300),
    result: { ...ending.result },
    by: ending.by,
    fence: place.fence,
    take_seq: place.takeSeq,
    recall_seq: place.recallSeq,
    identity: place.identity,
  };
}

/** The members of a problem that a refusal's record keeps. */
export function refusalBody(
  failure: Failure,
  step: string,
  requestId: string,
  trace: readonly TraceRow[],
): RefusalBody {
  return {
    request_id: requestId,
    code: failure.code,
    step,
    detail: cutText(failure.detail, 300),
    facts: { ...failure.facts },
    steps: trace.map((row) => row.step),
  };
}
