import { fail, ok, type Result } from "@seb/schema";
import type { Clock } from "./clock.js";

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

/** Starts a deadline of `timeoutMs` milliseconds from now. */
export function createDeadline(timeoutMs: number, clock: Clock): Deadline {
  const endMs = clock.monotonicMs() + timeoutMs;
  const abort = new AbortController();
  const timer = setTimeout(() => abort.abort(), Math.max(0, timeoutMs));
  const late = () => fail("deadline_exceeded", `not done within ${timeoutMs} ms`);
  return {
    remainingMs: () => Math.max(0, endMs - clock.monotonicMs()),
    signal: abort.signal,
    async race<T>(work: Promise<T>): Promise<Result<T, "deadline_exceeded">> {
      work.catch(() => undefined);
      if (abort.signal.aborted) return late();
      let onAbort: () => void = () => undefined;
      const ended = new Promise<Result<T, "deadline_exceeded">>((resolve) => {
        onAbort = () => resolve(late());
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
