import { type Failure, fail } from "@seb/schema";
import type { Head, HeadStore } from "./port.js";

/** Copies a chain's head to the second place in an interval, whenever it changed. A failure is told and tried again. */
export class HeadCopier {
  readonly #heads: HeadStore | undefined;
  readonly #current: () => Head;
  readonly #onFailed: (failure: Failure<"record_failed">) => void;
  #copied = -1;
  #busy: Promise<void> = Promise.resolve();
  #timer: NodeJS.Timeout | undefined;

  constructor(
    heads: HeadStore | undefined,
    current: () => Head,
    onFailed: (failure: Failure<"record_failed">) => void,
  ) {
    this.#heads = heads;
    this.#current = current;
    this.#onFailed = onFailed;
  }

  start(everyMs: number): void {
    if (this.#heads === undefined) return;
    this.#timer = setInterval(() => void this.copy(), everyMs);
    this.#timer.unref();
  }

  /** Copies the head as it is when the copies before are done. */
  copy(): Promise<void> {
    this.#busy = this.#busy.then(() => this.#copyNow());
    return this.#busy;
  }

  /** Ends the interval and copies what is left. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.copy();
  }

  async #copyNow(): Promise<void> {
    const head = this.#current();
    if (this.#heads === undefined || head.seq === this.#copied) return;
    try {
      const put = await this.#heads.put(head);
      if (put.ok) this.#copied = head.seq;
      else this.#onFailed(put.error);
    } catch {
      this.#onFailed(fail("record_failed", "The head store failed unexpectedly.").error);
    }
  }
}
