/** Time as a service sees it; injected, so that tests can move it. */
export interface Clock {
  /** Wall time in milliseconds since the Unix epoch. */
  nowMs(): number;
  /** Milliseconds on a clock that never goes backwards; its origin means nothing. */
  monotonicMs(): number;
}

/** The clocks of this machine. */
export const systemClock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
};
