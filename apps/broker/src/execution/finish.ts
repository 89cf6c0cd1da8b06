import { type ExecutionAnswer, ok } from "@seb/schema";
import { runSteps, type Step } from "../admission/steps.js";
import type { Broker } from "../broker.js";
import { type Ending, outcomeBody } from "./bodies.js";
import type { Decided } from "./decided.js";
import { settle } from "./settle.js";

const RECALL_TIMEOUT_MS = 5000;

/**
 * Records the outcome, takes the identity back and closes the open entry, in that order. When the outcome cannot be recorded, or the
 * target's word is unknown, the entry stays open: whoever holds the next fence asks the target and writes the final outcome.
 */
export async function finish(
  broker: Pick<Broker, "chain" | "index" | "store">,
  step: Step,
  decided: Decided,
  ending: Ending,
  identity: string | null,
): Promise<ExecutionAnswer> {
  const { index } = broker;
  const { claims, connector } = decided.checked;
  const { running } = decided;
  const body = outcomeBody({ ...decided.answer, policy: claims.policy.id }, ending, {
    fence: running.fence,
    takeSeq: running.takeSeq,
    recallSeq: running.recalled?.seq ?? null,
    identity,
  });
  const recorded = await runSteps(() => step("outcome", () => broker.chain.append("outcome", body)));
  if (recorded.ok) index.fold({ ...recorded.value, body });
  const answer = recorded.ok ? index.get(claims.jti)?.answer : undefined;

  await runSteps(() =>
    step("recall", () => connector.recall(claims.jti, claims.contract, AbortSignal.timeout(RECALL_TIMEOUT_MS))),
  );

  const known = answer ?? { ...decided.answer, state: "unknown" as const, code: "execution_unknown" };
  await runSteps(() =>
    step("close", () => settle(broker, running.fence, { op: decided.checked.take.entry.op, answer: known })),
  );
  await runSteps(() => step("answer", () => ok(undefined)));
  return known;
}
