import { fail, ok, RecordClaims, type Result, validate } from "@seb/schema";
import { type GateCode, gate } from "./gate.js";
import { checkSignatureAtAnyTime, keyExpired, keyIsValidAt, type SignatureCode } from "./signature.js";
import type { Trust, TrustedKey } from "./trust.js";

export interface VerifiedRecord {
  readonly kid: string;
  readonly key: TrustedKey;
  readonly claims: RecordClaims;
}
export type RecordCode = GateCode | SignatureCode | "token_claims_invalid" | "issuer_wrong";

/**
 * Verifies one line of a chain (without its newline): the key belongs to the writer and was valid at `at_ms`, so that
 * records outlive their keys. Links between lines are for the chain's reader.
 */
export async function verifyRecord(line: string, trust: Trust): Promise<Result<VerifiedRecord, RecordCode>> {
  const gated = gate(line, "seb-record+jws");
  if (!gated.ok) return gated;
  const signed = await checkSignatureAtAnyTime(gated.value, trust);
  if (!signed.ok) return signed;
  const claims = validate(RecordClaims, signed.value.claims, "token_claims_invalid");
  if (!claims.ok) return claims;
  const { key, kid } = signed.value;
  if (claims.value.writer !== key.name) return fail("issuer_wrong", "The record's writer is not the owner of its key.");
  if (!keyIsValidAt(key, claims.value.at_ms / 1000)) return keyExpired();
  return ok({ kid, key, claims: claims.value });
}
