/** Named locks within this process: one holder per name, the others wait their turn. */
export interface Locks {
  /**
   * Waits for the lock and answers with the way to release it; undefined when `signal` aborts first. The lock is never
   * taken for a caller that has gone.
   */
  take(name: string, signal: AbortSignal): Promise<(() => void) | undefined>;
}

/** Locks without holders. Fair: first come, first served. */
export function createLocks(): Locks {
  const tails = new Map<string, Promise<void>>();
  return {
    async take(name, signal) {
      const before = tails.get(name) ?? Promise.resolve();
      let release = () => {};
      const mine = new Promise<void>((resolve) => {
        release = resolve;
      });
      const tail = before.then(() => mine);
      tails.set(name, tail);
      void tail.then(() => {
        if (tails.get(name) === tail) tails.delete(name);
      });
      const gone = new Promise<void>((resolve) => {
        if (signal.aborted) resolve();
        else signal.addEventListener("abort", () => resolve(), { once: true });
      });
      await Promise.race([before, gone]);
      if (!signal.aborted) return release;
      release();
      return undefined;
    },
  };
}
