import type { JsonObject } from "@seb/canonical";
import { fail, ok, type Result, type Typ } from "@seb/schema";
import { compactVerify } from "jose";
import { Gated } from "./gate.js";
import type { PublicKey } from "./public-key.js";
import type { Trust, TrustedKey } from "./trust.js";

export type SignatureCode =
  | "token_key_unknown"
  | "token_alg_not_allowed"
  | "token_key_expired"
  | "token_signature_invalid";

/** A token whose signature a trusted key of its kind made. Its claims are authentic, but still unread. */
export class Signed {
  readonly #made = true;
  constructor(
    readonly typ: Typ,
    readonly key: TrustedKey,
    readonly claims: JsonObject,
  ) {
    Object.freeze(this);
  }
  get kid(): string {
    return this.key.kid;
  }
  /** False for anything but an object of this class, whatever its type says. */
  static made(value: unknown): value is Signed {
    return typeof value === "object" && value !== null && #made in value && value.#made;
  }
}

/** Both algorithms sign with exactly 64 bytes (RFC 8032, section 5.1.6; RFC 7518, section 3.4). */
const SIGNATURE_BYTES = 64;

/** One verification of a compact JWS by one key; whatever the library throws counts as a refusal. */
export async function signatureHolds(token: string, key: PublicKey["key"], alg: string): Promise<boolean> {
  try {
    await compactVerify(token, key, { algorithms: [alg] });
    return true;
  } catch {
    return false;
  }
}

/** True while `seconds` lies in the key's own validity [nbf, exp). */
export function keyIsValidAt(key: TrustedKey, seconds: number): boolean {
  return seconds >= key.nbf && seconds < key.exp;
}

/** Finds the key by (typ, kid) and verifies once; the key's own validity is left to the caller. */
export async function checkSignatureAtAnyTime(
  gated: Gated,
  trust: Trust,
): Promise<Result<Signed, Exclude<SignatureCode, "token_key_expired">>> {
  const found = findKey(gated, trust);
  return found.ok ? verifyBy(gated, found.value) : found;
}

/**
 * Verifies the signature: the key is looked up by (typ, kid) in the trust file, the algorithm follows from the key, the
 * key must be within its own validity. At most one verification, no outbound call.
 *
 * @param nowSeconds seconds since the Unix epoch; fractions allowed.
 */
export async function checkSignature(
  gated: Gated,
  trust: Trust,
  nowSeconds: number,
): Promise<Result<Signed, SignatureCode>> {
  const found = findKey(gated, trust);
  if (!found.ok) return found;
  if (!keyIsValidAt(found.value, nowSeconds)) return keyExpired();
  return verifyBy(gated, found.value);
}

/** The refusal of a key outside its own validity. */
export function keyExpired() {
  return fail("token_key_expired", "The signing key is outside its validity in the trust file.");
}

function findKey(gated: Gated, trust: Trust): Result<TrustedKey, "token_key_unknown" | "token_alg_not_allowed"> {
  if (!Gated.made(gated)) throw new TypeError("checkSignature: the token did not pass the gate");
  const key = trust.find(gated.typ, gated.kid);
  if (key === undefined) return fail("token_key_unknown", `No trusted key for ${gated.typ} has this kid.`);
  if (key.alg !== gated.alg) return fail("token_alg_not_allowed", "The header's alg is not the algorithm of its key.");
  return ok(key);
}

async function verifyBy(gated: Gated, key: TrustedKey): Promise<Result<Signed, "token_signature_invalid">> {
  if (gated.signatureBytes !== SIGNATURE_BYTES || !(await signatureHolds(gated.token, key.key, key.alg)))
    return fail("token_signature_invalid", "The signature does not verify.");
  return ok(new Signed(gated.typ, key, gated.payload));
}
