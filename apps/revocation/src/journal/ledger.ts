import type { View } from "@seb/authority";
import { canonicalize } from "@seb/canonical";
import type { Epochs, RecordedOrder, Standing } from "@seb/schema";

/** The first of two orders, waiting for another operator. */
export interface WaitingOrder {
  readonly id: string;
  readonly kid: string;
  readonly operator: string;
  readonly clock_ms: number;
}

/** What the order journal says: a pure fold over its records. */
export interface Ledger {
  readonly seq: number;
  readonly generation: number;
  /** Run of the store that the last rebuild pinned the view to; "" before the first one. */
  readonly run_id: string;
  readonly epochs: Epochs;
  /** Digest of the active bundle. */
  readonly bundle: string | null;
  /** By the key of its target. */
  readonly standing: ReadonlyMap<string, Standing>;
  /** Ids of all orders ever recorded. */
  readonly used: ReadonlySet<string>;
  /** By what the order says, without its reason. */
  readonly waiting: ReadonlyMap<string, WaitingOrder>;
  /** The service's wall clock at the last record. */
  readonly clock_ms: number;
}

/** The same, for the fold. */
export interface MutableLedger extends Ledger {
  seq: number;
  generation: number;
  run_id: string;
  epochs: Epochs;
  bundle: string | null;
  readonly standing: Map<string, Standing>;
  readonly used: Set<string>;
  readonly waiting: Map<string, WaitingOrder>;
  clock_ms: number;
}

export function emptyLedger(): MutableLedger {
  return {
    seq: 0,
    generation: 0,
    run_id: "",
    epochs: { global: 0, subject: {}, policy: {} },
    bundle: null,
    standing: new Map(),
    used: new Set(),
    waiting: new Map(),
    clock_ms: 0,
  };
}

/** What two operators must say alike. */
export function thingOf(order: RecordedOrder): string {
  return canonicalize(order);
}

/** Is the thing that {@link thingOf} names the activation of a bundle? No value of an order can hold a quotation mark. */
export function isActivation(thing: string): boolean {
  return thing.includes('"do":"activate"');
}

/** The view that the ledger stands for. */
export function viewOf({ seq, generation, run_id, epochs, bundle, standing }: Ledger): View {
  return { seq, generation, run_id, epochs, bundle, standing: [...standing.values()] };
}

/** Standing revocations that are in force: without those of certificates that are dead. */
export function standingAt(ledger: Ledger, nowMs: number): readonly Standing[] {
  return [...ledger.standing.values()].filter(({ until }) => until === undefined || until * 1000 > nowMs);
}
