/** Runs what it is given one after the other, in the order of the calls; a rejection does not stop the next. */
export class Mutex {
  #tail: Promise<unknown> = Promise.resolve();

  /** Answers what `work` answers, or undefined as soon as `signal` is aborted; work whose turn had not come by then is not begun. */
  run<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T | undefined> {
    const turn = this.#tail.then(() => (signal.aborted ? undefined : work()));
    this.#tail = turn.catch(() => undefined);
    return new Promise((resolve, reject) => {
      const leave = () => resolve(undefined);
      if (signal.aborted) leave();
      signal.addEventListener("abort", leave, { once: true });
      turn.then(resolve, reject).finally(() => signal.removeEventListener("abort", leave));
    });
  }
}
