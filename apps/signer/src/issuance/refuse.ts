import type { DeniedBody, Failure } from "@seb/schema";
import { bounded } from "../bounded.js";
import type { Signer } from "../signer.js";
import type { Asked, Progress } from "./request.js";

/**
 * Records a refusal. An agent that proved who it is gets a `denied` record of its own, with the complete policy input where there was one;
 * strangers share a budget and are counted beyond it. Waiting for people is no refusal: it has its `pending` record.
 */
export async function recordRefusal(
  signer: Pick<Signer, "config" | "journal" | "log" | "refusals">,
  asked: Asked,
  progress: Progress,
  failure: Failure,
  step: string,
): Promise<void> {
  if (failure.code === "approval_pending") return;
  const { known } = progress;
  const recorded = await bounded<unknown>(
    signer,
    known
      ? signer.journal.append("denied", deniedBody(asked, progress, known, failure, step))
      : signer.refusals.refuse(false, failure.code, { request_id: asked.requestId, step }),
  );
  if (recorded.ok) return;
  signer.log.error({ request_id: asked.requestId, code: recorded.error.code }, "a refusal could not be recorded");
}

function deniedBody(
  asked: Asked,
  { about, policyInput, reasons }: Progress,
  known: NonNullable<Progress["known"]>,
  failure: Failure,
  step: string,
): DeniedBody {
  const { action, service, region } = asked.body;
  return {
    request: asked.requestId,
    subject: known.agent.subject,
    jkt: known.jkt,
    code: failure.code,
    step,
    op: asked.op,
    action,
    service,
    region,
    ...about,
    ...(failure.pointer === undefined ? {} : { pointer: failure.pointer.slice(0, 300) }),
    ...(policyInput === undefined ? {} : { policy_input: policyInput }),
    ...(reasons.length === 0 ? {} : { reasons: [...reasons] }),
  };
}
