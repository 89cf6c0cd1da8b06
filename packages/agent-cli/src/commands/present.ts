import type { Agent, CallResult } from "@seb/client";
import type { ExecutionReport, ExecutionRequest } from "@seb/schema";
import { keepReceipt, receiptIn } from "../job/receipt.js";
import type { Session } from "../session.js";

/**
 * Presents a certificate. When nobody knows whether the change happened because no answer came back, says how to learn it:
 * the broker tells what it has recorded, and answers the same operation again without doing it again. A receipt is kept for the job.
 */
export async function present(
  session: Session,
  agent: Agent,
  certificate: string,
  request: ExecutionRequest,
): Promise<CallResult<ExecutionReport>> {
  const executed = await agent.execute(certificate, request, session.left());
  if (executed.ok) {
    keepReceipt(session.folder, executed.value.cert_id, receiptIn(executed.value));
    return executed;
  }
  const { certId = "", problem } = executed.error;
  keepReceipt(session.folder, certId, receiptIn(problem?.facts));
  if (executed.error.code !== "execution_unknown") return executed;
  // The broker's own word that it does not know: asking it again brings no more.
  if (problem?.code === "execution_unknown") return executed;
  const ask = `broker-cli executions ${certId}`.trim();
  const again = "agent-cli execute --cert again with the same certificate and the same parameters";
  const remedy = `Ask the broker: ${ask}. Or run ${again}: it answers what was done, and never does it twice.`;
  return { ok: false, error: { ...executed.error, remedy } };
}
