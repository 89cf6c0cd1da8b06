import { fail, ok, type Result, type StatusClaims } from "@seb/schema";
import type { StatusState, View, ViewReader } from "./port.js";

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
 * Reads status, then view. The view is written before the status that announces it, so it may be newer and never older; it must belong
 * to the very run of the store that the status is pinned to.
 *
 * @returns the status's own codes when it is missing or stale; `store_unavailable`; `store_discontinuity` for another store's view;
 *   `status_backwards` for a view older than the status.
 */
export async function readVouched({ status, view }: VouchedPorts): Promise<Result<Vouched>> {
  const signed = status.current();
  if (!signed.ok) return signed;
  const read = await view.read();
  if (!read.ok) return read;
  if (read.value.run_id !== signed.value.run_id || read.value.generation !== signed.value.generation)
    return fail("store_discontinuity", "The view is not the one that the signed status is pinned to.");
  if (read.value.seq < signed.value.seq)
    return fail("status_backwards", "The view is older than the signed status.", { facts: { seq: read.value.seq } });
  return ok({ status: signed.value, view: read.value });
}
