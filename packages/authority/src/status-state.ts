import { ok, type StatusClaims } from "@seb/schema";
import { type Trust, verifyStatus } from "@seb/verify-core";
import type { StatusFloorStore } from "./floor.js";
import { NewestStatus } from "./newest-status.js";
import type { StatusFeed, StatusState } from "./port.js";

/** Default bound on the age of a status, by either clock, in milliseconds. */
export const STATUS_MAX_AGE_MS = 2000;
/** Tokens that may wait for verification; of more, the oldest are dropped, since each heartbeat repeats the whole state. */
const MAX_WAITING = 64;

export interface StatusStateOptions {
  /** The trust in force now. */
  readonly trust: () => Trust;
  /** Environment audience that the status must name, e.g. `env:dev`. */
  readonly audience: string;
  /** Bound on age by wall and by monotonic clock; 2000 by default. */
  readonly maxAgeMs?: number;
  readonly clock: { nowMs(): number; monotonicMs(): number };
  readonly feed: StatusFeed;
  /** Keeps the highest place and epochs across restarts. */
  readonly floor: StatusFloorStore;
}

/** A `StatusState` that listens to a feed. */
export interface StatusReceiver extends StatusState {
  /** Tokens that were not taken, by reason: a token code, `status_backwards`, `floor_failed`, `dropped` or `failed`. */
  ignored(): ReadonlyMap<string, number>;
  /** Resolves when everything received so far has been looked at. */
  settled(): Promise<void>;
  /** Stops listening; what was taken grows stale. */
  stop(): void;
}

/**
 * Listens to the feed, verifies each token once and keeps the newest status. Tokens are looked at one after another, in the order in
 * which they came; what does not verify changes nothing and is counted.
 */
export function createStatusState(options: StatusStateOptions): StatusReceiver {
  const { clock } = options;
  const receiver = new Receiver(options);
  const unsubscribe = options.feed.subscribe((token) => receiver.receive(token));
  const current = () => receiver.newest.current(clock.nowMs(), clock.monotonicMs());
  return {
    current,
    pin() {
      const status = current();
      if (!status.ok) return status;
      const { run_id, generation, seq, issued_at_ms } = status.value;
      return ok({ run_id, generation, min_seq: seq, now_ms: issued_at_ms });
    },
    onChange: (receive) => receiver.onChange(receive),
    ignored: () => receiver.ignored,
    settled: () => receiver.settled(),
    stop: unsubscribe,
  };
}

interface Arrived {
  readonly token: string;
  readonly receivedMs: number;
}

class Receiver {
  readonly newest: NewestStatus;
  readonly ignored = new Map<string, number>();
  readonly #receivers = new Set<(status: StatusClaims) => void>();
  #waiting: Arrived[] = [];
  #working: Promise<void> | undefined;
  #floorLoaded = false;

  constructor(private readonly options: StatusStateOptions) {
    this.newest = new NewestStatus(options.maxAgeMs ?? STATUS_MAX_AGE_MS);
  }

  receive(token: string): void {
    this.#waiting.push({ token, receivedMs: this.options.clock.monotonicMs() });
    if (this.#waiting.length > MAX_WAITING) {
      this.#waiting.shift();
      this.#count("dropped");
    }
    this.#working ??= this.#work();
  }

  onChange(receive: (status: StatusClaims) => void): () => void {
    const own = (status: StatusClaims) => receive(status);
    this.#receivers.add(own);
    return () => {
      this.#receivers.delete(own);
    };
  }

  async settled(): Promise<void> {
    await this.#working;
  }

  async #work(): Promise<void> {
    await Promise.resolve();
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) {
      try {
        await this.#consider(next);
      } catch {
        // A throw is a bug of a subscriber or a lost dependency: this token counts for nothing, the next one is looked at.
        this.#count("failed");
      }
    }
    this.#working = undefined;
  }

  async #consider({ token, receivedMs }: Arrived): Promise<void> {
    const { trust, audience } = this.options;
    if (!(await this.#loadFloor())) return this.#count("floor_failed");
    const verified = await verifyStatus(token, trust(), { audience });
    if (!verified.ok) return this.#count(verified.error.code);
    const { claims } = verified.value;
    const reception = this.newest.weigh(claims);
    if (reception === "same") return;
    if (reception === "backwards") return this.#count("status_backwards");
    const raises = this.newest.raises(claims);
    // Durable before it counts: a restart must not go back behind what was acted on.
    if (raises && !(await this.#saveFloor(claims))) return this.#count("floor_failed");
    this.newest.take(claims, receivedMs);
    if (raises) for (const receive of this.#receivers) receive(claims);
  }

  async #loadFloor(): Promise<boolean> {
    if (this.#floorLoaded) return true;
    try {
      this.newest.startFrom(await this.options.floor.load());
      this.#floorLoaded = true;
    } catch {
      return false;
    }
    return true;
  }

  async #saveFloor({ generation, seq, epochs }: StatusClaims): Promise<boolean> {
    try {
      await this.options.floor.save({ generation, seq, epochs });
      return true;
    } catch {
      return false;
    }
  }

  #count(reason: string): void {
    this.ignored.set(reason, (this.ignored.get(reason) ?? 0) + 1);
  }
}
