/** Runs what it is given one after the other, in the order of the calls; a rejection does not stop the next. */
export class Mutex {
  #tail: Promise<unknown> = Promise.resolve();

  /**
   * Answers what `work` answers. Undefined when `signal` is aborted before its turn has come: then it is never begun. Work that was begun
   * is always waited for; it heeds the signal itself.
   */
  run<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T | undefined> {
    let begun = false;
    const turn = this.#tail.then(() => {
      if (signal.aborted) return undefined;
      begun = true;
      return work();
    });
    this.#tail = turn.catch(() => undefined);
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
