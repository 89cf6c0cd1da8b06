/** One span of time for everything that a call does: connecting, sending, waiting and reading. */
export interface Deadline {
  readonly signal: AbortSignal;
  /** Milliseconds left, never below 0. */
  remainingMs(): number;
  clear(): void;
}

/** Starts a deadline of `timeoutMs` milliseconds on the monotonic clock. */
export function startDeadline(timeoutMs: number): Deadline {
  const endMs = performance.now() + timeoutMs;
  const abort = new AbortController();
  const timer = setTimeout(() => abort.abort(), Math.max(0, timeoutMs));
  return {
    signal: abort.signal,
    remainingMs: () => Math.max(0, endMs - performance.now()),
    clear: () => clearTimeout(timer),
  };
}
