import { fail, ok, type Result, type StatusClaims } from "@seb/schema";
import type { Pin, StatusState, View, ViewReader } from "./port.js";

/** A fresh signed status, and the view that it vouches for. */
export interface Vouched {
  readonly status: StatusClaims;
  readonly view: View;
}

/** What {@link readVouched} reads from. */
export interface VouchedPorts {
  readonly status: Pick<StatusState, "current">;
  readonly view: ViewReader;
}

/**
 * Is this the view that a signed status vouches for? The view is written before the status that announces it, so it may be newer and never
 * older; it must belong to the very run of the store that the status is pinned to.
 *
 * @returns `store_discontinuity` for another store's view; `status_backwards` for a view older than the status.
 */
export function checkVouched(
  view: Pick<View, "run_id" | "generation" | "seq">,
  pin: Pick<Pin, "run_id" | "generation" | "min_seq">,
): Result<void, "store_discontinuity" | "status_backwards"> {
  if (view.run_id !== pin.run_id || view.generation !== pin.generation)
    return fail("store_discontinuity", "The view is not the one that the signed status is pinned to.");
  if (view.seq < pin.min_seq)
    return fail("status_backwards", "The view is older than the signed status.", { facts: { seq: view.seq } });
  return ok(undefined);
}

/**
 * Reads status, then view, and holds one to the other ({@link checkVouched}).
 *
 * @returns the status's own codes when it is missing or stale; `store_unavailable`; `store_discontinuity` for another store's view;
 *   `status_backwards` for a view older than the status.
 */
export async function readVouched({ status, view }: VouchedPorts): Promise<Result<Vouched>> {
  const signed = status.current();
  if (!signed.ok) return signed;
  const read = await view.read();
  if (!read.ok) return read;
  const { run_id, generation, seq: min_seq } = signed.value;
  const vouched = checkVouched(read.value, { run_id, generation, min_seq });
  return vouched.ok ? ok({ status: signed.value, view: read.value }) : vouched;
}
