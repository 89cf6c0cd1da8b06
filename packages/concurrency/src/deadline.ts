import { fail, ok, type Result } from "@seb/schema";

/** A clock that never goes backwards, in milliseconds; its origin means nothing. */
export interface MonotonicClock {
  monotonicMs(): number;
}

/** A span of time that several awaits share. */
export interface Deadline {
  /** Milliseconds left, never below 0. */
  remainingMs(): number;
  /** Aborts when the time is up. */
  readonly signal: AbortSignal;
  /** Waits for `work`, at most until the deadline. A late result is dropped; a late rejection is swallowed. */
  race<T>(work: Promise<T>): Promise<Result<T, "deadline_exceeded">>;
  /** Releases the timer. Call it when the work is done. */
  clear(): void;
}

const machine: MonotonicClock = { monotonicMs: () => performance.now() };
const late = (timeoutMs: number) => fail("deadline_exceeded", `no answer within ${timeoutMs} ms`);

/** Starts a deadline of `timeoutMs` milliseconds from now, by default on this machine's monotonic clock. */
export function createDeadline(timeoutMs: number, clock: MonotonicClock = machine): Deadline {
  const endMs = clock.monotonicMs() + timeoutMs;
  const abort = new AbortController();
  const timer = setTimeout(() => abort.abort(), Math.max(0, timeoutMs));
  return {
    remainingMs: () => Math.max(0, endMs - clock.monotonicMs()),
    signal: abort.signal,
    async race<T>(work: Promise<T>): Promise<Result<T, "deadline_exceeded">> {
      work.catch(() => undefined);
      if (abort.signal.aborted) return late(timeoutMs);
      let onAbort: () => void = () => undefined;
      const ended = new Promise<Result<T, "deadline_exceeded">>((resolve) => {
        onAbort = () => resolve(late(timeoutMs));
        abort.signal.addEventListener("abort", onAbort, { once: true });
      });
      try {
        return await Promise.race([work.then((value) => ok(value)), ended]);
      } finally {
        abort.signal.removeEventListener("abort", onAbort);
      }
    },
    clear: () => clearTimeout(timer),
  };
}

/** For work that takes no signal: making one for each call costs more than most such work does. */
const NEVER = new AbortController();

/**
 * Runs one piece of work for at most `timeoutMs` milliseconds: its value, or `deadline_exceeded`, at which its signal aborts. What it
 * throws in time is thrown here; what comes or throws later is dropped.
 */
export async function within<T>(
  run: (signal: AbortSignal) => T | Promise<T>,
  timeoutMs: number,
): Promise<Result<T, "deadline_exceeded">> {
  const abort = run.length === 0 ? NEVER : new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const ended = new Promise<Result<T, "deadline_exceeded">>((resolve) => {
    timer = setTimeout(() => {
      if (abort !== NEVER) abort.abort();
      resolve(late(timeoutMs));
    }, timeoutMs);
  });
  try {
    const running = Promise.resolve(run(abort.signal)).then((value) => ok(value));
    running.catch(() => undefined);
    return await Promise.race([running, ended]);
  } finally {
    clearTimeout(timer);
  }
}

/** True when `work` ended in time, false when it did not. A failure in time is thrown; a later one is dropped. */
export async function endsWithin(work: Promise<unknown>, timeoutMs: number): Promise<boolean> {
  return (await within(() => work, timeoutMs)).ok;
}
