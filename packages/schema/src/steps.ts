/** Admission and execution, in order: the one list that the broker runs and that docs, metrics and failpoints name. */
export const ADMISSION_STEPS = [
  "token",
  "signature",
  "claims",
  "audience",
  "window",
  "possession",
  "replay",
  "contract",
  "ceilings",
  "policy",
  "view",
  "state",
  "take",
  "record",
  "mint",
  "guard",
  "execute",
  "outcome",
  "recall",
  "close",
  "answer",
] as const;
export type AdmissionStep = (typeof ADMISSION_STEPS)[number];

/** Issuance, in order. */
export const ISSUANCE_STEPS = [
  "authenticate",
  "validate",
  "compile",
  "tier",
  "evidence",
  "policy",
  "profile",
  "store",
  "prepare",
  "journal",
  "sign",
  "verify",
  "answer",
] as const;
export type IssuanceStep = (typeof ISSUANCE_STEPS)[number];
