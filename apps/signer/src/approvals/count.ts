import type { Bundle } from "@seb/catalogue";
import type { ApprovalBody, Volatile } from "../journal/bodies.js";
import type { PendingEntry } from "../journal/state.js";
import { acceptable } from "./approvers.js";

/** Facts that time changes may be equal or better than when people were asked, never worse. */
export function isWorse(now: Volatile, then: Volatile): boolean {
  return (
    now.risk > then.risk ||
    (then.tests_passed && !now.tests_passed) ||
    (then.image_attested && !now.image_attested) ||
    (then.window_open && !now.window_open) ||
    (!then.freeze && now.freeze) ||
    (then.live_fresh && !now.live_fresh)
  );
}

/** The approvals of a recorded request that count now: unexpired, by people who may still approve, with keys that are still theirs. */
export function countedApprovals(
  request: PendingEntry,
  bundle: Bundle,
  revokedKeys: ReadonlySet<string>,
  nowSeconds: number,
): readonly ApprovalBody[] {
  const keys = acceptable(bundle, request.body.subject, revokedKeys);
  return [...request.approvals.values()].filter(
    ({ kid, approver, exp }) => exp > nowSeconds && keys.get(kid)?.name === approver && !keys.get(kid)?.conflict,
  );
}
