import { type ExecutionAnswer, isFinal, outcomeOf, type Result } from "@seb/schema";
import type { Broker } from "../broker.js";

/** Writes an execution's state into the store: closed, and its resource free, where the table of outcomes says so; else noted. */
export function settle(
  broker: Pick<Broker, "store">,
  fence: number,
  execution: { readonly op: string; readonly answer: ExecutionAnswer },
): Promise<Result<void, "fence_lost" | "store_unavailable">> {
  const { store } = broker;
  const { cert_id: certId, state } = execution.answer;
  return outcomeOf(state).resource === "free"
    ? store.close(certId, fence, execution)
    : store.note(certId, fence, execution);
}

/** The final outcome's own record line; null while there is none, and where another broker's chain holds it. */
export function receiptOf(broker: Pick<Broker, "index">, answer: ExecutionAnswer): string | null {
  const known = isFinal(answer.state) ? broker.index.get(answer.cert_id) : undefined;
  return known?.answer.state === answer.state ? known.receipt : null;
}
