import { createHash } from "node:crypto";
import { canonicalize } from "./canonicalize.js";

/** The members of a JWK that its thumbprint covers; others may be present and do not matter. */
export interface ThumbprintInput {
  readonly kty?: string | undefined;
  readonly crv?: string | undefined;
  readonly x?: string | undefined;
  readonly y?: string | undefined;
}

const MEMBER = /^[A-Za-z0-9_-]{1,128}$/;

function member(value: string | undefined): string {
  if (typeof value !== "string" || !MEMBER.test(value))
    throw new TypeError("jwkThumbprint: a required member is wrong");
  return value;
}

/**
 * RFC 7638 thumbprint (SHA-256, base64url, 43 characters) of an OKP (RFC 8037 section 2) or EC key: its `kid`.
 *
 * @throws TypeError for another key type or a member that is missing or not base64url: validate foreign keys first.
 */
export function jwkThumbprint(jwk: ThumbprintInput): string {
  if (jwk.kty !== "OKP" && jwk.kty !== "EC") throw new TypeError("jwkThumbprint: neither OKP nor EC");
  const okp = { crv: member(jwk.crv), kty: jwk.kty, x: member(jwk.x) };
  // Sorted keys without white space: for these alphabets RFC 7638 section 3 and RFC 8785 agree.
  const text = canonicalize(jwk.kty === "OKP" ? okp : { ...okp, y: member(jwk.y) });
  return createHash("sha256").update(text, "utf8").digest("base64url");
}
