import { CODES, type Code, type ExecutionAnswer, type Failure, isCode } from "@seb/schema";
import type { Context, Reply } from "@seb/service-kit";
import type { TraceRow } from "../admission/steps.js";
import type { Broker } from "../broker.js";
import { refusalBody } from "../execution/bodies.js";

/** Records a refusal and makes its problem. An authentic certificate's refusal always has its own record. */
export async function refuse(
  broker: Broker,
  context: Pick<Context, "requestId">,
  failure: Failure,
  step: string,
  more: {
    readonly authentic: boolean;
    readonly known?: Readonly<Record<string, unknown>>;
    readonly trace?: readonly TraceRow[];
  },
): Promise<Reply> {
  const body = { ...refusalBody(failure, step, context.requestId, more.trace ?? []), ...more.known };
  const recorded = await broker.ports.refusals.refuse(more.authentic, failure.code, body);
  if (!recorded.ok)
    broker.ports.log.error(
      { request_id: context.requestId, code: recorded.error.code },
      "a refusal could not be recorded",
    );
  return { failure, extra: { step } };
}

/** The answer to an execution by its state: done is 200; anything else is a problem with its code. */
export function executionReply(answer: ExecutionAnswer, replayed: boolean): Reply {
  if (answer.state === "executed") return { status: 200, body: { ...answer, replayed } };
  const code = codeOf(answer);
  const facts = { cert_id: answer.cert_id, state: answer.state, replayed };
  return { failure: { code, detail: CODES[code].title, facts }, extra: { step: "execute" } };
}

function codeOf(answer: ExecutionAnswer): Code {
  if (answer.state === "decided") return "execution_open";
  if (answer.state === "unknown") return "execution_unknown";
  return isCode(answer.code) ? answer.code : "not_executed";
}
