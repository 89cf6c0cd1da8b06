import { comparePositions, maxEpochs, targetKey, type View } from "@seb/authority";
import type { RebuildReason, RebuildRecord, Standing } from "@seb/schema";
import type { Ledger } from "../journal/ledger.js";
import type { Furthest } from "./seen.js";

/** Most revocations that one record takes in. */
const MAX_ADOPTED = 200;

/** Everything that may know more than the journal. */
export interface RebuildInput {
  readonly ledger: Ledger;
  readonly stored: View | undefined;
  readonly seen: Furthest | undefined;
  readonly run_id: string;
  readonly reason: RebuildReason;
  readonly nowMs: number;
}

/**
 * The view's new beginning: above every generation, sequence and epoch that the journal, the store or a signed status knows, and with
 * the global epoch raised, so that everything issued before is dead.
 */
export function rebuildRecord({ ledger, stored, seen, run_id, reason, nowMs }: RebuildInput): RebuildRecord {
  const places = [ledger, stored, seen].filter((place) => place !== undefined);
  const epochs = places.reduce((all, place) => maxEpochs(all, place.epochs), ledger.epochs);
  // A store whose view is later than the journal knows revocations that the journal lost; an earlier one only knows lifted ones.
  const later = stored !== undefined && comparePositions(stored, ledger) > 0 ? stored.standing : [];
  return {
    reason,
    clock_ms: nowMs,
    run_id,
    generation: Math.max(...places.map(({ generation }) => generation)) + 1,
    seq: Math.max(...places.map(({ seq }) => seq)) + 1,
    epochs: { ...epochs, global: epochs.global + 1 },
    adopted: adoptable(
      later.filter(({ target }) => !ledger.standing.has(targetKey(target))),
      nowMs,
    ),
  };
}

/** What fits into one record; of more, everything is revoked instead, until two operators have looked. */
function adoptable(lost: readonly Standing[], at_ms: number): Standing[] {
  if (lost.length <= MAX_ADOPTED) return [...lost];
  const reason = `The journal lost ${lost.length} revocations that the store still knew.`;
  return [{ target: { kind: "everything", value: "*" }, order: "rebuild", by: "revocation", reason, at_ms }];
}
