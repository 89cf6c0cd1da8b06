import { fail, ok, type Result } from "@seb/schema";
import { checkPin, type TakeEffect } from "./admit.js";
import type { AdmissionStore, Execution, OpenEntry, Pin, View } from "./port.js";
import type { State } from "./state.js";
import { comparePositions, epochsFell } from "./view.js";

/** Every change that a store can go through. An adapter makes it durable, then (or in the same step) applies it. */
export type Effect =
  | TakeEffect
  | { readonly do: "run"; readonly run_id: string }
  | { readonly do: "view"; readonly view: View }
  | { readonly do: "take_over"; readonly entry: OpenEntry; readonly now_ms: number }
  | { readonly do: "note"; readonly cert_id: string; readonly execution: Execution }
  | { readonly do: "close"; readonly cert_id: string; readonly execution: Execution };

/** A view may replace one that is earlier by generation and sequence, and may not let an epoch fall. */
export function planView(state: State, view: View): Result<Effect, "status_backwards"> {
  const stored = state.view;
  if (stored !== undefined) {
    if (comparePositions(view, stored) <= 0)
      return fail("status_backwards", "The store holds a view of that sequence or a later one.");
    if (epochsFell(stored.epochs, view.epochs)) return fail("status_backwards", "An epoch would fall.");
  }
  return ok({ do: "view", view });
}

/** The open entry of this certificate, if `fence` is its highest. */
export function heldEntry(state: State, certId: string, fence: number): OpenEntry | undefined {
  const entry = state.open.get(certId);
  return entry?.fence === fence ? entry : undefined;
}

const lost = (certId: string) =>
  fail("fence_lost", "The execution is closed or has another holder.", { facts: { cert_id: certId } });

/** Gives the entry a higher fence and a new holder, when its fence still is the one named and the store is the pinned one. */
export function planTakeOver(
  state: State,
  certId: string,
  fence: number,
  by: Parameters<AdmissionStore["takeOver"]>[2],
  pin: Pin,
): Result<Extract<Effect, { do: "take_over" }>, "fence_lost" | "store_discontinuity"> {
  const pinned = checkPin(state, pin);
  if (!pinned.ok) return pinned;
  if (pinned.value.seq < pin.min_seq)
    return fail("store_discontinuity", "The stored view is older than the signed status.");
  const entry = heldEntry(state, certId, fence);
  if (entry === undefined) return lost(certId);
  const nowMs = Math.max(state.now_ms, pin.now_ms);
  const { broker, boot } = by;
  const next = { ...entry, broker, boot, fence: state.fence + 1, deadline_ms: nowMs + by.life_ms };
  return ok({ do: "take_over", entry: next, now_ms: nowMs });
}

/** Notes or closes: only the holder of the highest fence may. */
export function planWord(
  state: State,
  word: "note" | "close",
  certId: string,
  fence: number,
  execution: Execution,
): Result<Effect, "fence_lost"> {
  if (heldEntry(state, certId, fence) === undefined) return lost(certId);
  return ok({ do: word, cert_id: certId, execution });
}
