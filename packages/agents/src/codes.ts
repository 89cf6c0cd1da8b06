import type { Code } from "@seb/schema";

/** Why a proof of a registered key does not count. */
const PROOF_CODES = [
  "proof_missing",
  "proof_malformed",
  "proof_claims_invalid",
  "proof_signature_invalid",
  "proof_key_weak",
  "proof_method_mismatch",
  "proof_url_mismatch",
  "proof_expired",
  "proof_replayed",
  "proof_operation_mismatch",
  "proof_token_mismatch",
] as const satisfies readonly Code[];

/** Why nobody can be told apart from a revoked caller: what is in force is not known. */
export const WORD_CODES = [
  "no_active_bundle",
  "status_missing",
  "status_stale",
  "status_backwards",
  "store_unavailable",
  "store_discontinuity",
] as const satisfies readonly Code[];

/** Codes with which {@link Agents} refuses, besides those of opening a bundle. */
export const AUTHENTICATION_CODES: readonly Code[] = [
  ...PROOF_CODES,
  "agent_unknown",
  "agent_expired",
  "revoked_everything",
  "revoked_subject",
  "revoked_key",
  "revoked_bundle",
  ...WORD_CODES,
];
