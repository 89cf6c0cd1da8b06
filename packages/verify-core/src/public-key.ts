import { base64urlDecode, jwkThumbprint } from "@seb/canonical";
import { fail, ok, PublicJwk, type Result, type TrustKey, validate } from "@seb/schema";
import { type CryptoKey, importJWK } from "jose";
import { isSoundEd25519Point } from "./ed25519-point.js";
import { isP256Point } from "./p256-point.js";

/** The two algorithms of SEB's own tokens (RFC 9864 and RFC 7518). Which one follows from the key alone. */
export type Alg = "Ed25519" | "ES256";
/** A public JWK of an accepted kind, without any other member. */
export type AcceptedJwk = TrustKey["jwk"];

/** A public key that passed {@link acceptableJwk}, ready for verification. */
export interface PublicKey {
  /** RFC 7638 thumbprint. */
  readonly kid: string;
  readonly alg: Alg;
  readonly jwk: AcceptedJwk;
  readonly key: CryptoKey;
}

function decoded(text: string): Uint8Array {
  return base64urlDecode(text) ?? new Uint8Array();
}

/**
 * Accepts a closed public JWK on Ed25519 or P-256 whose point lies on the curve, in its canonical encoding, and for
 * Ed25519 not in the small subgroup. Private members, hints (`alg`, `use`, `x5c`, ...) and other kinds are refused.
 */
export function acceptableJwk(jwk: unknown): Result<AcceptedJwk, "proof_key_weak"> {
  const shape = validate(PublicJwk, jwk, "proof_key_weak");
  if (!shape.ok) return fail("proof_key_weak", "The key is not a closed public JWK on Ed25519 or P-256.");
  const { value } = shape;
  const sound =
    value.kty === "OKP" ? isSoundEd25519Point(decoded(value.x)) : isP256Point(decoded(value.x), decoded(value.y));
  return sound ? ok(value) : fail("proof_key_weak", "The key is not a sound point of its curve.");
}

/** The algorithm that a key has: keys choose it, tokens only repeat it. */
export function algOf(jwk: AcceptedJwk): Alg {
  return jwk.kty === "OKP" ? "Ed25519" : "ES256";
}

/** Checks and imports a public key. Import once and keep the result: it costs more than a lookup. */
export async function importPublicKey(jwk: unknown): Promise<Result<PublicKey, "proof_key_weak">> {
  const accepted = acceptableJwk(jwk);
  if (!accepted.ok) return accepted;
  const alg = algOf(accepted.value);
  try {
    const key = await importJWK({ ...accepted.value }, alg);
    if (key instanceof Uint8Array) return fail("proof_key_weak", "The key is not asymmetric.");
    return ok({ kid: jwkThumbprint(accepted.value), alg, jwk: accepted.value, key });
  } catch {
    return fail("proof_key_weak", "The key cannot be imported.");
  }
}
