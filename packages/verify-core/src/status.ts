import { ok, type Result, StatusClaims, validate } from "@seb/schema";
import { type GateCode, gate } from "./gate.js";
import { checkOwner } from "./owner.js";
import { checkSignatureAtAnyTime, keyExpired, keyIsValidAt, type SignatureCode } from "./signature.js";
import type { Trust } from "./trust.js";

export interface VerifiedStatus {
  readonly kid: string;
  readonly claims: StatusClaims;
}
export type StatusCode = GateCode | SignatureCode | "token_claims_invalid" | "issuer_wrong" | "audience_wrong";

/**
 * Verifies a signed status. The key must have been valid at `issued_at_ms`; how old that may be is for the holder of
 * the state, who knows both clocks, to say.
 */
export async function verifyStatus(
  token: string,
  trust: Trust,
  rules: { readonly audience: string },
): Promise<Result<VerifiedStatus, StatusCode>> {
  const gated = gate(token, "seb-status+jws");
  if (!gated.ok) return gated;
  const signed = await checkSignatureAtAnyTime(gated.value, trust);
  if (!signed.ok) return signed;
  const claims = validate(StatusClaims, signed.value.claims, "token_claims_invalid");
  if (!claims.ok) return claims;
  const owner = checkOwner(claims.value, signed.value.key, rules.audience);
  if (!owner.ok) return owner;
  if (!keyIsValidAt(signed.value.key, claims.value.issued_at_ms / 1000)) return keyExpired();
  return ok({ kid: signed.value.kid, claims: claims.value });
}
