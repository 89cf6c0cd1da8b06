import type { Taken } from "@seb/authority";
import { createDeadline, type Deadline } from "@seb/concurrency";
import type { Session } from "@seb/connector";
import type { ExecutionAnswer, Operation, Result } from "@seb/schema";
import { endAs, runSteps, type Step, type TraceRow } from "../admission/steps.js";
import type { Checked } from "../admission/subject.js";
import type { Broker } from "../broker.js";
import { decisionBody, type Ending } from "./bodies.js";
import type { Decided } from "./decided.js";
import { finish } from "./finish.js";
import { createGuard } from "./guard.js";
import type { Running } from "./open.js";

const NOTHING_SENT = "nothing was sent";

/** A certificate that is spent, and on what. */
export interface Spent {
  readonly checked: Checked;
  readonly operation: Operation;
  readonly taken: Taken;
}

/** Takes the certificate: from here on it is spent, unless `take` itself refuses. */
export async function take(
  broker: Pick<Broker, "store">,
  step: Step,
  checked: Checked,
  operation: Operation,
): Promise<Spent> {
  return { checked, operation, taken: await step("take", () => broker.store.take(checked.take)) };
}

/** Makes the decision durable. Without that record there is no `Decided`, and without that no execution. */
export async function decide(
  broker: Pick<Broker, "chain" | "clock" | "digests" | "index" | "log" | "running" | "store">,
  step: Step,
  { checked, operation, taken }: Spent,
  asked: { readonly requestId: string; readonly trace: readonly TraceRow[] },
): Promise<Decided> {
  const { index } = broker;
  const running: Running = {
    claims: checked.claims,
    signerKid: checked.signerKid,
    connector: checked.connector,
    fence: taken.fence,
    takeSeq: taken.seq,
    recalled: undefined,
    sent: false,
  };
  broker.running.add(running);
  const body = decisionBody(broker, checked, taken, asked.requestId, asked.trace);
  let lost = false;
  const recorded = await runSteps(() =>
    step("record", async () => {
      const appended = await broker.chain.append("decision", body);
      lost = !appended.ok;
      if (appended.ok) index.fold({ ...appended.value, body });
      return appended;
    }),
  );
  if (!recorded.ok) {
    broker.running.remove(checked.claims.jti);
    // A decision that is late, or durable after all, leaves the entry open: the reconciler asks the target and writes the outcome.
    if (lost) await abandon(broker, checked, taken);
    return endAs(recorded);
  }
  const known = index.get(checked.claims.jti);
  if (!known) throw new Error("a decision was recorded that the index does not hold");
  return { record: recorded.value, checked, operation, running, answer: known.answer };
}

/** Nothing was decided, so nothing may happen: the open entry goes, the certificate stays spent. */
async function abandon(broker: Pick<Broker, "clock" | "log" | "store">, checked: Checked, taken: Taken): Promise<void> {
  const { claims, take: request } = checked;
  const at = broker.clock.nowMs();
  const closed = await broker.store.close(claims.jti, taken.fence, {
    op: request.entry.op,
    answer: {
      cert_id: claims.jti,
      state: "not_executed",
      replayed: false,
      action: claims.action,
      resource: claims.resource,
      subject: claims.sub,
      parameters: request.entry.request.parameters,
      decided_at_ms: at,
      closed_at_ms: at,
      result: {},
      code: "no_decision",
      fence: taken.fence,
    },
  });
  if (!closed.ok) broker.log.warn({ cert_id: claims.jti, code: closed.error.code }, "an undecided entry stays open");
}

/** Mints the identity, guards, sends and ends the execution. It always ends in an outcome, a thrown value in `unknown`. */
export async function execute(
  broker: Pick<
    Broker,
    "chain" | "clock" | "hook" | "index" | "log" | "metrics" | "running" | "status" | "store" | "view"
  >,
  step: Step,
  decided: Decided,
): Promise<ExecutionAnswer> {
  const { checked, running } = decided;
  const deadline = createDeadline(checked.claims.contract.timeout_seconds * 1000, broker.clock);
  let session: Session | undefined;
  try {
    const sent = await runSteps(async () => {
      session = await step("mint", () => open(decided, deadline.signal));
      const guard = createGuard(broker, running);
      await step("guard", () => guard.check());
      return send(broker, decided, session, guard, deadline);
    });
    const ending: Ending = sent.ok
      ? sent.value
      : { state: "not_executed", code: sent.failure.code, detail: sent.failure.detail, result: {}, by: "broker" };
    return await finish(broker, step, decided, ending, session?.identity ?? null);
  } finally {
    deadline.clear();
    broker.running.remove(checked.claims.jti);
  }
}

function open(decided: Decided, signal: AbortSignal): Promise<Result<Session>> {
  const { claims, connector } = decided.checked;
  return connector.open({
    cert_id: claims.jti,
    subject: claims.sub,
    contract: claims.contract,
    operation: decided.operation,
    fence: decided.running.fence,
    not_after_ms: claims.exp * 1000,
    signal,
  });
}

/** Sends under its own, longer deadline: a send that was cut off is unknown, never "not executed". */
async function send(
  broker: Pick<Broker, "clock" | "hook" | "log" | "metrics">,
  decided: Decided,
  session: Session,
  guard: ReturnType<typeof createGuard>,
  deadline: Deadline,
): Promise<Ending> {
  const hook = broker.hook ?? ((_name, _certId, run) => run());
  const unknown = (detail: string): Ending => ({
    state: "unknown",
    code: "execution_unknown",
    detail,
    result: {},
    by: "broker",
  });
  const sending = hook("execute", decided.checked.claims.jti, async (): Promise<Ending> => {
    const result = await session.execute(async () => (await guard.check()).ok);
    if (result.state === "executed") return { ...result, code: null, detail: "", by: "broker" };
    if (result.state === "unknown") return unknown(result.detail);
    const code = guard.refusal()?.code ?? decided.running.recalled?.code ?? result.code;
    return { state: "not_executed", code: code, detail: result.detail || NOTHING_SENT, result: {}, by: "broker" };
  });
  const began = broker.clock.monotonicMs();
  try {
    const ended = await deadline.race(sending);
    const ending = ended.ok ? ended.value : unknown("no answer within the action's timeout");
    broker.metrics.step("execute", ending.code ?? "ok", broker.clock.monotonicMs() - began);
    return ending;
  } catch (thrown) {
    broker.log.error({ cert_id: decided.checked.claims.jti, err: thrown }, "the connector threw while sending");
    return unknown("the connector failed while sending");
  }
}
