import type { Clock } from "@seb/service-kit";

/** Counts by name within fixed windows of time. */
export interface Rates {
  /** Counts one; false when the window's limit is passed. */
  admit(name: string): boolean;
}

/** Rates in memory. Names come from a closed set (registered agents), so nothing has to be forgotten early. */
export function createRates(options: {
  readonly limit: number;
  readonly windowMs: number;
  readonly clock: Pick<Clock, "monotonicMs">;
}): Rates {
  const counts = new Map<string, number>();
  let window = Number.NEGATIVE_INFINITY;
  return {
    admit(name) {
      const now = Math.floor(options.clock.monotonicMs() / options.windowMs);
      if (now !== window) {
        window = now;
        counts.clear();
      }
      const count = (counts.get(name) ?? 0) + 1;
      counts.set(name, count);
      return count <= options.limit;
    },
  };
}
