import { CODES, codeOfOutcome, type ExecutionAnswer, type Failure, isCode, type RefusalBody } from "@seb/schema";
import type { Context, Reply } from "@seb/service-kit";
import type { TraceRow } from "../admission/steps.js";
import type { Broker } from "../broker.js";
import { refusalBody } from "../execution/bodies.js";
import { receiptOf } from "../execution/settle.js";

/** Records a refusal and makes its problem. An authentic certificate's refusal always has its own record. */
export async function refuse(
  broker: Pick<Broker, "log" | "refusals">,
  context: Pick<Context, "requestId">,
  failure: Failure,
  step: string,
  more: {
    readonly authentic: boolean;
    readonly known?: Pick<RefusalBody, "cert_id" | "subject" | "action" | "resource" | "policy">;
    readonly trace?: readonly TraceRow[];
  },
): Promise<Reply> {
  const body = { ...refusalBody(failure, step, context.requestId, more.trace ?? []), ...more.known };
  const recorded = await broker.refusals.refuse(more.authentic, failure.code, body);
  if (!recorded.ok)
    broker.log.error({ request_id: context.requestId, code: recorded.error.code }, "a refusal could not be recorded");
  return { failure, extra: { step } };
}

/**
 * The answer to an execution by its state, as the table of outcomes has it: without a code it is 200, else a problem with that code. With
 * either goes the receipt, where there is one.
 */
export function executionReply(broker: Pick<Broker, "index">, answer: ExecutionAnswer, replayed: boolean): Reply {
  const receipt = receiptOf(broker, answer);
  const code = codeOfOutcome(answer.state, isCode(answer.code) ? answer.code : null);
  if (code === null) return { status: 200, body: { ...answer, replayed, receipt } };
  const facts = { cert_id: answer.cert_id, state: answer.state, replayed, ...(receipt === null ? {} : { receipt }) };
  return { failure: { code, detail: CODES[code].title, facts }, extra: { step: "execute" } };
}
