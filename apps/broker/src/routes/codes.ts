import { AUTHENTICATION_CODES } from "@seb/agents";
import { ADMISSION_CODES, type Code, TOKEN_CODES } from "@seb/schema";

function codesOf(table: Readonly<Record<string, unknown>>, without: readonly string[] = []): readonly Code[] {
  return Object.keys(table).filter((code): code is Code => !without.includes(code));
}

/** Codes that the broker's routes can answer with, besides those of the HTTP shell. */
export const EXECUTION_CODES: readonly Code[] = [
  ...codesOf(TOKEN_CODES, ["trust_invalid", "trust_threshold", "trust_rollback", "trust_expired"]),
  ...codesOf(ADMISSION_CODES, ["execution_not_found", "resolution_refused"]),
  "request_invalid",
  "header_invalid",
  "bundle_invalid",
  "chain_fork",
];

/** Codes of routes that an agent reaches by a proof alone. */
export const AGENT_CODES: readonly Code[] = [...AUTHENTICATION_CODES, "bundle_unknown", "bundle_invalid"];

/** Codes of `POST /v1/resolutions`: those of an order that does not verify, and of an execution that is not a person's to resolve. */
export const RESOLUTION_CODES: readonly Code[] = [
  ...codesOf(TOKEN_CODES).filter((code) => code.startsWith("token_") && code !== "token_missing"),
  "audience_wrong",
  "issuer_wrong",
  "lifetime_too_long",
  "issued_in_future",
  "not_yet_valid",
  "expired",
  "order_invalid",
  "revoked_key",
  "execution_not_found",
  "resolution_refused",
  "fence_lost",
  "record_failed",
  "chain_fork",
  "status_missing",
  "status_stale",
  "status_backwards",
  "store_discontinuity",
  "store_unavailable",
];
