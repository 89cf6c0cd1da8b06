import { within } from "@seb/concurrency";
import { type Code, type Failure, fail, type Result } from "@seb/schema";
import type { Clock } from "./clock.js";
import type { Log } from "./log.js";

/** How one step ended. */
export interface StepRow<N extends string> {
  readonly step: N;
  /** Duration in milliseconds. */
  readonly ms: number;
  /** Null when it passed. */
  readonly code: Code | null;
}

/** Runs one step: a failure, a thrown value or a missed deadline ends the list with a code. `timeoutMs` replaces the list's own limit. */
export type Step<N extends string> = <T>(
  name: N,
  run: (signal: AbortSignal) => Result<T> | Promise<Result<T>>,
  timeoutMs?: number,
) => Promise<T>;

/** How a list of steps ended. */
export type StepsResult<N extends string, T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly step: N; readonly failure: Failure };

/** What all steps of one list share. */
export interface StepOptions<N extends string> {
  readonly requestId: string;
  /** Limit of each step, in milliseconds. */
  readonly timeoutMs: number;
  readonly clock: Pick<Clock, "monotonicMs">;
  readonly log: Pick<Log, "error">;
  /** Runs each step; where tests break in. Default: just runs it. */
  readonly hook?: (<T>(name: N, run: () => Promise<T>) => Promise<T>) | undefined;
  /** Called when a step begins; what it answers is called when the step has ended, passed or not. */
  readonly observe: (name: N) => (row: StepRow<N>) => void;
}

/** Ends a list of steps. It never leaves `runSteps`, which turns it into a value. */
class Halt<N extends string> extends Error {
  constructor(
    readonly step: N,
    readonly failure: Failure,
  ) {
    super(failure.code);
  }
}

/** Makes the `step` of one list. Whatever all steps share (their time limit, what is measured, where tests may break in) is added here alone. */
export function createStep<N extends string>(options: StepOptions<N>): Step<N> {
  const { clock, log, requestId } = options;
  const hook = options.hook ?? (<T>(_name: N, run: () => Promise<T>) => run());
  return async <T>(
    name: N,
    run: (signal: AbortSignal) => Result<T> | Promise<Result<T>>,
    timeoutMs = options.timeoutMs,
  ) => {
    const began = clock.monotonicMs();
    const ended = options.observe(name);
    let result: Result<T>;
    try {
      const inTime = await hook(name, () => within(run, timeoutMs));
      result = inTime.ok ? inTime.value : inTime;
    } catch (thrown) {
      log.error({ request_id: requestId, step: name, err: thrown }, "a step threw");
      result = fail("step_failed", `the step ${name} failed`);
    }
    ended({
      step: name,
      ms: Math.max(0, clock.monotonicMs() - began),
      code: result.ok ? null : result.error.code,
    });
    if (!result.ok) throw new Halt(name, result.error);
    return result.value;
  };
}

/** Ends the list under way as the failed one did, without a step of its own. */
export function endAs<N extends string>(failed: Extract<StepsResult<N, unknown>, { ok: false }>): never {
  throw new Halt(failed.step, failed.failure);
}

/** Runs a list of steps to its value, or to the step and failure that ended it. `N` is what the list's `step` was made for. */
export async function runSteps<N extends string, T>(list: () => Promise<T>): Promise<StepsResult<N, T>> {
  try {
    return { ok: true, value: await list() };
  } catch (thrown) {
    if (thrown instanceof Halt) return { ok: false, step: thrown.step, failure: thrown.failure };
    throw thrown;
  }
}
