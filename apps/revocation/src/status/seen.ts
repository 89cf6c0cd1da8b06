import { comparePositions, epochsFell, maxEpochs, type StatusFeed } from "@seb/authority";
import type { Epochs, StatusClaims } from "@seb/schema";
import { type Trust, verifyStatus } from "@seb/verify-core";
import type { Ledger } from "../journal/ledger.js";

/** The furthest that statuses signed in this service's name have gone. */
export interface Furthest {
  readonly generation: number;
  readonly seq: number;
  readonly epochs: Epochs;
  /** Latest issue time within that generation. */
  readonly issued_at_ms: number;
}

/** Tokens that may wait to be read: strangers on the feed must not hold up the heartbeat. */
const MAX_WAITING = 64;

/**
 * Watches the feed for what was already said in this service's name: by its earlier life, or by another instance. The journal may
 * not stand behind it, and the clock may not either.
 */
export class SeenStatuses {
  #furthest: Furthest | undefined;
  #queue: Promise<void> = Promise.resolve();
  #waiting = 0;
  #own: string | undefined;
  readonly #stop: () => void;

  constructor(
    feed: StatusFeed,
    private readonly trust: () => Trust,
    private readonly audience: string,
  ) {
    this.#stop = feed.subscribe((token) => {
      if (token === this.#own || this.#waiting >= MAX_WAITING) return;
      this.#waiting += 1;
      this.#queue = this.#queue.then(() => this.#read(token));
    });
  }

  get furthest(): Furthest | undefined {
    return this.#furthest;
  }

  /** True when something was said that the ledger does not know. */
  isAhead(ledger: Ledger): boolean {
    const seen = this.#furthest;
    if (seen === undefined) return false;
    return comparePositions(seen, ledger) > 0 || epochsFell(seen.epochs, ledger.epochs);
  }

  /** Notes a status of our own before it goes out. */
  note(claims: StatusClaims, token: string): void {
    this.#own = token;
    this.#take(claims);
  }

  /** Resolves when everything that has come in was read. */
  settled(): Promise<void> {
    return this.#queue;
  }

  stop(): void {
    this.#stop();
  }

  async #read(token: string): Promise<void> {
    this.#waiting -= 1;
    try {
      const verified = await verifyStatus(token, this.trust(), { audience: this.audience });
      if (verified.ok) this.#take(verified.value.claims);
    } catch {
      // A lost dependency of the verifier: this token says nothing, and the next one is read.
    }
  }

  #take({ generation, seq, epochs, issued_at_ms }: StatusClaims): void {
    const before = this.#furthest;
    if (before === undefined) {
      this.#furthest = { generation, seq, epochs, issued_at_ms };
      return;
    }
    const further = comparePositions({ generation, seq }, before) > 0;
    const place = further ? { generation, seq } : { generation: before.generation, seq: before.seq };
    const sameOrLater = generation === before.generation ? Math.max(before.issued_at_ms, issued_at_ms) : issued_at_ms;
    this.#furthest = {
      ...place,
      epochs: maxEpochs(before.epochs, epochs),
      issued_at_ms: generation >= before.generation ? sameOrLater : before.issued_at_ms,
    };
  }
}
