import { type Failure, fail, type IssuanceStep, type Result } from "@seb/schema";
import type { Signer } from "../signer.js";

/** Ends a list of steps. It never leaves this service: `runSteps` turns it into a value. */
class Halt extends Error {
  constructor(
    readonly step: IssuanceStep,
    readonly failure: Failure,
  ) {
    super(failure.code);
  }
}

type Run<T> = (signal: AbortSignal) => Result<T> | Promise<Result<T>>;

/** Runs one step: a failure, a thrown value or a missed deadline ends the list with a code. */
export type Step = <T>(name: IssuanceStep, run: Run<T>, timeoutMs?: number) => Promise<T>;

export type StepsResult<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly step: IssuanceStep; readonly failure: Failure };

async function withDeadline<T>(run: Run<T>, timeoutMs: number): Promise<Result<T>> {
  const abort = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<Result<T>>((resolve) => {
    timer = setTimeout(() => {
      abort.abort();
      resolve(fail("deadline_exceeded", `no answer within ${timeoutMs} ms`));
    }, timeoutMs);
  });
  try {
    const running = Promise.resolve(run(abort.signal));
    // What comes or throws after the deadline is nobody's any more.
    running.catch(() => undefined);
    return await Promise.race([running, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Makes the `step` of one request. Whatever all steps share (their time limit, what is measured, where tests may break in) is added here alone. */
export function createStep(signer: Signer, requestId: string): Step {
  const { ports, metrics, config } = signer;
  const hook = ports.hook ?? ((_name, _requestId, run) => run());
  return async <T>(name: IssuanceStep, run: Run<T>, timeoutMs = config.step_timeout_ms) => {
    const began = ports.clock.monotonicMs();
    let result: Result<T>;
    try {
      result = await hook(name, requestId, () => withDeadline(run, timeoutMs));
    } catch (thrown) {
      ports.log.error({ request_id: requestId, step: name, err: thrown }, "a step threw");
      result = fail("step_failed", `the step ${name} failed`);
    }
    metrics.step(name, result.ok ? "ok" : result.error.code, Math.max(0, ports.clock.monotonicMs() - began));
    if (!result.ok) throw new Halt(name, result.error);
    return result.value;
  };
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
