import { CertificateClaims, ok, type Result, validate } from "@seb/schema";
import { checkOwner } from "./owner.js";
import { Signed } from "./signature.js";

/**
 * Reads a signed certificate's claims: closed schema, `iss` is the key's owner, `aud` the audience the key serves.
 * Whether that audience is the reader's own, and the window, are questions of their own.
 */
export function certificateClaims(
  signed: Signed,
): Result<CertificateClaims, "token_claims_invalid" | "issuer_wrong" | "audience_wrong"> {
  if (!Signed.made(signed) || signed.typ !== "seb-cert+jwt")
    throw new TypeError("certificateClaims: not a certificate with a checked signature");
  const claims = validate(CertificateClaims, signed.claims, "token_claims_invalid");
  if (!claims.ok) return claims;
  const owner = checkOwner(claims.value, signed.key);
  return owner.ok ? ok(claims.value) : owner;
}
