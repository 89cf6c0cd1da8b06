/** Lets one piece of work run at a time, in the order of asking; a rejection does not stop the next. */
export class Mutex {
  #tail: Promise<unknown> = Promise.resolve();
  #asked = 0;

  /** True while something runs or waits. */
  get busy(): boolean {
    return this.#asked > 0;
  }

  /** Answers what `work` answers. */
  run<T>(work: () => Promise<T>): Promise<T>;
  /**
   * The same; undefined when `signal` is aborted before its turn has come: then the work is never begun. Work that was begun is always
   * waited for; it heeds the signal itself.
   */
  run<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T | undefined>;
  run<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T | undefined> {
    let begun = false;
    this.#asked += 1;
    const turn = this.#tail
      .then(() => {
        if (signal?.aborted) return undefined;
        begun = true;
        return work();
      })
      .finally(() => {
        this.#asked -= 1;
      });
    this.#tail = turn.catch(() => undefined);
    if (signal === undefined) return turn;
    return new Promise((resolve, reject) => {
      const leave = () => {
        if (!begun) resolve(undefined);
      };
      if (signal.aborted) leave();
      signal.addEventListener("abort", leave, { once: true });
      turn.then(resolve, reject).finally(() => signal.removeEventListener("abort", leave));
    });
  }
}

/** Named locks within this process: one holder per name, the others wait their turn. */
export interface Locks {
  /**
   * Waits for the lock and answers with the way to release it; undefined when `signal` aborts first. The lock is never
   * taken for a caller that has gone.
   */
  take(name: string, signal: AbortSignal): Promise<(() => void) | undefined>;
}

/** Locks without holders. Fair: first come, first served. A name that nobody holds or waits for is forgotten. */
export function createLocks(): Locks {
  const named = new Map<string, Mutex>();
  return {
    take(name, signal) {
      const mutex = named.get(name) ?? new Mutex();
      named.set(name, mutex);
      return new Promise((resolve, reject) => {
        const hold = () =>
          new Promise<void>((release) => {
            resolve(release);
          });
        const turn = mutex.run(hold, signal);
        const forget = () => {
          if (!mutex.busy && named.get(name) === mutex) named.delete(name);
        };
        // Released, or left before the turn came: of a promise that was resolved with a release, this changes nothing.
        turn.then(() => resolve(undefined), reject).finally(() => setImmediate(forget));
      });
    },
  };
}
