import { fail, ok, type Result, type StatusClaims } from "@seb/schema";
import type { StatusFloor } from "./floor.js";
import { comparePositions, epochsFell } from "./view.js";

export type FreshCode = "status_missing" | "status_stale" | "status_backwards";
/** What became of a verified status: taken, known already, or earlier than one already taken. */
export type Reception = "newer" | "same" | "backwards";

interface Held {
  readonly claims: StatusClaims;
  /** When it came in, on the receiver's monotonic clock. */
  readonly receivedMs: number;
}

/**
 * The newest status that a receiver has taken, and whether something earlier came after it. Time only comes in: wall clock for the
 * sender's `issued_at_ms`, monotonic clock for the time since arrival, so that neither a held-back token nor a moved clock looks fresh.
 */
export class NewestStatus {
  #held: Held | undefined;
  #floor: StatusFloor | undefined;
  #backwards = false;

  constructor(private readonly maxAgeMs: number) {}

  /** Sets what an earlier life of the receiver had taken. */
  startFrom(floor: StatusFloor | undefined): void {
    this.#floor = floor;
  }

  /** Where this status stands; changes nothing but the mark for having seen an earlier one. */
  weigh(claims: StatusClaims): Reception {
    const reception = this.#compare(claims);
    if (reception === "backwards") this.#backwards = true;
    return reception;
  }

  /** True when taking it would raise sequence or generation above all that was taken or remembered. */
  raises(claims: StatusClaims): boolean {
    const known = this.#held?.claims ?? this.#floor;
    return known === undefined || comparePositions(claims, known) > 0;
  }

  take(claims: StatusClaims, receivedMs: number): void {
    this.#held = { claims, receivedMs };
    this.#backwards = false;
  }

  current(nowMs: number, monotonicMs: number): Result<StatusClaims, FreshCode> {
    if (this.#backwards) return fail("status_backwards", "A status earlier than one already seen came in.");
    if (this.#held === undefined) return fail("status_missing", "No signed status has come in since the start.");
    const { claims, receivedMs } = this.#held;
    const wallAgeMs = nowMs - claims.issued_at_ms;
    const heldMs = monotonicMs - receivedMs;
    // A status from the future says that one of two clocks is wrong; it cannot say which.
    if (Math.abs(wallAgeMs) <= this.maxAgeMs && heldMs >= 0 && heldMs <= this.maxAgeMs) return ok(claims);
    const facts = { age_ms: Math.round(wallAgeMs), held_ms: Math.round(heldMs), max_age_ms: this.maxAgeMs };
    return fail("status_stale", "The newest signed status is not fresh.", { facts });
  }

  #compare(claims: StatusClaims): Reception {
    const known = this.#held?.claims ?? this.#floor;
    if (known === undefined) return "newer";
    const place = comparePositions(claims, known);
    if (place < 0 || epochsFell(known.epochs, claims.epochs)) return "backwards";
    const last = this.#held?.claims;
    // A new generation is a new beginning of the sender's clock; within one generation its time never falls.
    if (last === undefined || claims.generation > last.generation) return "newer";
    if (claims.issued_at_ms < last.issued_at_ms) return "backwards";
    return place === 0 && claims.issued_at_ms === last.issued_at_ms ? "same" : "newer";
  }
}
