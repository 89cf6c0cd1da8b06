import { AUTHENTICATION_CODES, WORD_CODES } from "@seb/agents";
import { CODES, type Code, isCode } from "@seb/schema";

function codesBy(test: (code: string) => boolean): readonly Code[] {
  return Object.keys(CODES).filter(isCode).filter(test);
}

/** Codes of routes that a caller reaches by a proof alone. */
export const AGENT_CODES: readonly Code[] = [...AUTHENTICATION_CODES, "bundle_invalid", "deadline_exceeded"];

const RECORD_CODES: readonly Code[] = ["record_failed", "chain_fork"];

/** Codes of `POST /v1/certificates`. */
export const CERTIFICATE_CODES: readonly Code[] = [
  ...AGENT_CODES,
  ...RECORD_CODES,
  ...codesBy((code) => code.startsWith("revoked_") && !AGENT_CODES.some((known) => known === code)),
  "proof_key_mismatch",
  "agent_not_allowed",
  "rate_limited",
  "request_invalid",
  "idempotency_key_missing",
  "idempotency_conflict",
  "expired",
  "epoch_stale",
  "epoch_ahead",
  "action_unknown",
  "service_unknown",
  "parameters_invalid",
  "bounds_invalid",
  "observation_invalid",
  "observation_expired",
  "observation_mismatch",
  "catalogue_invalid",
  "contract_mismatch",
  "tier_refused",
  "policy_denied",
  "policy_error",
  "approval_pending",
  "certificate_too_large",
  "lifetime_too_long",
  "self_check_failed",
  "step_failed",
];

/** Codes of `POST /v1/requests/{id}/approvals`. */
export const APPROVAL_CODES: readonly Code[] = [
  ...WORD_CODES,
  ...RECORD_CODES,
  "bundle_invalid",
  "request_invalid",
  "request_unknown",
  "approval_invalid",
  "approval_conflict",
  "deadline_exceeded",
];
