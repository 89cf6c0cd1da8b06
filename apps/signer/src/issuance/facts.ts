import type { Evidence } from "@seb/evidence";
import { type CertificateClaims, type EvidenceItem, facts } from "@seb/schema";
import type { Verdict } from "./judge.js";

const MAX_KEY = 40;

/** Who permitted it: the policy, or the people without whom it would not have. */
function approverOf({ policies, approvals }: Verdict): string | string[] {
  return approvals.length === 0 ? `policy:${policies[0]}` : approvals.map(({ approver }) => `person:${approver}`);
}

/**
 * The small results that a certificate carries. What the agent merely referred to is marked by `ref_`, so that no text of its own can be
 * taken for something that was verified.
 */
export function factsOf(
  evidence: Evidence,
  verdict: Verdict,
  items: readonly EvidenceItem[],
): CertificateClaims["evidence"]["facts"] {
  const references = items.flatMap((item) =>
    item.type === "reference" ? [[`ref_${item.name}`.slice(0, MAX_KEY), item.value] as const] : [],
  );
  return {
    ...Object.fromEntries(references),
    ...facts.certificateFacts({ ...evidence.facts, approver: approverOf(verdict) }),
  };
}
