import type { Bundle } from "@seb/catalogue";
import type { ApprovalBody } from "@seb/schema";
import type { PendingEntry } from "../journal/state.js";
import { acceptable } from "./approvers.js";

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
