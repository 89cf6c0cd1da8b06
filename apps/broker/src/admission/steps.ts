import { trace } from "@opentelemetry/api";
import { type AdmissionStep, type Code, type Failure, fail, type Result } from "@seb/schema";
import type { Broker } from "../broker.js";

/** One row of the trace that a record or a verification shows. */
export interface TraceRow {
  readonly step: AdmissionStep;
  readonly ms: number;
  readonly code: Code | null;
}

const tracer = trace.getTracer("seb.broker");

/** Ends a list of steps. It never leaves this service: `runSteps` turns it into a value. */
class Halt extends Error {
  constructor(
    readonly step: AdmissionStep,
    readonly failure: Failure,
  ) {
    super(failure.code);
  }
}

/** Runs one step: a failure, a thrown value or a missed deadline ends the list with a code. */
export type Step = <T>(name: AdmissionStep, run: (signal: AbortSignal) => Result<T> | Promise<Result<T>>) => Promise<T>;

export type StepsResult<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly step: AdmissionStep; readonly failure: Failure };

export interface StepContext {
  readonly broker: Pick<Broker, "ports" | "metrics">;
  readonly timeoutMs: number;
  readonly requestId: string;
  /** Known once the claims are verified; failpoints use it. */
  certId?: string | undefined;
  readonly trace: TraceRow[];
}

/** For steps that take no signal: making one for each costs more than most of them do. */
const NEVER = new AbortController();

async function withDeadline<T>(
  run: (signal: AbortSignal) => Result<T> | Promise<Result<T>>,
  timeoutMs: number,
): Promise<Result<T>> {
  const abort = run.length === 0 ? NEVER : new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<Result<T>>((resolve) => {
    timer = setTimeout(() => {
      if (abort !== NEVER) abort.abort();
      resolve(fail("deadline_exceeded", `no answer within ${timeoutMs} ms`));
    }, timeoutMs);
  });
  try {
    return await Promise.race([Promise.resolve(run(abort.signal)), late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Makes the `step` of one request. Whatever all steps share (their time limit, what is measured, where tests may break in) is added here alone. */
export function createStep(context: StepContext): Step {
  const { ports, metrics } = context.broker;
  const plain = <T>(_name: AdmissionStep, _certId: string | undefined, run: () => Promise<T>) => run();
  const hook = ports.hook ?? plain;
  return async <T>(name: AdmissionStep, run: (signal: AbortSignal) => Result<T> | Promise<Result<T>>) => {
    const began = ports.clock.monotonicMs();
    const span = tracer.startSpan(`seb.${name}`);
    let result: Result<T>;
    try {
      result = await hook(name, context.certId, () => withDeadline(run, context.timeoutMs));
    } catch (thrown) {
      ports.log.error({ request_id: context.requestId, step: name, err: thrown }, "a step threw");
      result = fail("step_failed", `the step ${name} failed`);
    }
    const ms = Math.max(0, ports.clock.monotonicMs() - began);
    const code = result.ok ? null : result.error.code;
    context.trace.push({ step: name, ms, code });
    span.setAttribute("seb.code", code ?? "ok");
    span.end();
    metrics.step(name, code ?? "ok", ms);
    if (!result.ok) throw new Halt(name, result.error);
    return result.value;
  };
}

/** Ends the list under way as the failed one did, without a step of its own. */
export function endAs(failed: Extract<StepsResult<unknown>, { ok: false }>): never {
  throw new Halt(failed.step, failed.failure);
}

/** Runs a list of steps to its value, or to the step and failure that ended it. */
export async function runSteps<T>(list: () => Promise<T>): Promise<StepsResult<T>> {
  try {
    return { ok: true, value: await list() };
  } catch (thrown) {
    if (thrown instanceof Halt) return { ok: false, step: thrown.step, failure: thrown.failure };
    throw thrown;
  }
}
