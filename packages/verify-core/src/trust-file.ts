import { base64urlDecode, digest, type Json, jwkThumbprint, readJson } from "@seb/canonical";
import { CLOCK_SKEW, fail, MAX_TOKEN_BYTES, ok, type Result, type TrustKey, TrustPayload, validate } from "@seb/schema";
import { checkHeader } from "./gate.js";
import { algOf, importPublicKey, type PublicKey } from "./public-key.js";
import { hasExactly, isObject, readHeader } from "./segments.js";
import { signatureHolds } from "./signature.js";
import { type Trust, type TrustedKey, trustOf } from "./trust.js";

/** What a service's own configuration says about its root of trust. */
export interface TrustPins {
  /** Thumbprints of the owners; signatures of anybody else are ignored. */
  readonly owners: readonly string[];
  /** Distinct pinned owners that must have signed; at least 1. */
  readonly threshold: number;
  /** Lowest version accepted: the highest one seen so far, 0 at first. */
  readonly minVersion: number;
}
export type TrustCode = "trust_invalid" | "trust_threshold" | "trust_rollback" | "trust_expired";

interface OwnerSignature {
  readonly protectedText: string;
  readonly signatureText: string;
}
interface TrustJws {
  readonly payloadText: string;
  readonly payload: TrustPayload;
  readonly signatures: readonly OwnerSignature[];
}

const MAX_SIGNATURES = 32;
const TYP = "seb-trust+json";

/**
 * Verifies `trust.json`: JWS general serialization (RFC 7515, section 7.2.1) with exactly `payload` and `signatures` of
 * `{protected, signature}`, signed by at least `threshold` distinct pinned owners.
 *
 * Refuses a version below `minVersion`, an expired file, one kid twice or under two roles, an owner's key in a role, a
 * kid that is not its key's thumbprint, and unsound keys.
 */
export async function verifyTrust(
  text: string,
  pins: TrustPins,
  nowSeconds: number,
): Promise<Result<Trust, TrustCode>> {
  const read = readTrustJws(text);
  if (!read.ok) return read;
  const { payload } = read.value;
  const signers = await countSigners(read.value, pins.owners);
  if (!(pins.threshold >= 1) || !(signers >= pins.threshold))
    return fail("trust_threshold", "Too few pinned owners signed the trust file.", {
      facts: { signers, threshold: pins.threshold },
    });
  if (!(payload.version >= pins.minVersion))
    return fail("trust_rollback", "The trust file's version is lower than one already seen.", {
      facts: { version: payload.version, min_version: pins.minVersion },
    });
  if (!(payload.iat <= nowSeconds + CLOCK_SKEW.tokenSeconds))
    return fail("trust_invalid", "The trust file is from the future.");
  if (!(nowSeconds < payload.exp)) return fail("trust_expired", "The trust file has expired.");
  const keys = await importKeys(payload);
  if (!keys.ok) return keys;
  return ok(trustOf(payload.version, digest("trust", toJson(payload)), keys.value));
}

/** A validated payload is plain JSON; the round trip says so to the type system without a cast. */
function toJson(payload: TrustPayload): Json {
  return JSON.parse(JSON.stringify(payload));
}

function readTrustJws(text: string): Result<TrustJws, "trust_invalid"> {
  if (typeof text !== "string") return fail("trust_invalid", "The trust file is not text.");
  const limits = { maxBytes: MAX_TOKEN_BYTES[TYP], maxDepth: 16 };
  const outer = readJson(text, limits);
  if (!outer.ok) return fail("trust_invalid", `The trust file is not strict JSON (${outer.error.code}).`);
  if (!isObject(outer.value) || !hasExactly(outer.value, ["payload", "signatures"]))
    return fail("trust_invalid", "The trust file is not a general JWS of exactly payload and signatures.");
  const signatures = readSignatures(outer.value.signatures);
  const payloadText = outer.value.payload;
  const bytes = typeof payloadText === "string" ? base64urlDecode(payloadText) : undefined;
  if (typeof payloadText !== "string" || bytes === undefined || signatures === undefined)
    return fail("trust_invalid", "The trust file's payload or signatures are not in their only spelling.");
  const inner = readJson(bytes, limits);
  if (!inner.ok) return fail("trust_invalid", `The trust payload is not strict JSON (${inner.error.code}).`);
  const payload = validate(TrustPayload, inner.value, "trust_invalid");
  return payload.ok ? ok({ payloadText, payload: payload.value, signatures }) : payload;
}

function readSignatures(value: Json | undefined): readonly OwnerSignature[] | undefined {
  if (!Array.isArray(value) || value.length > MAX_SIGNATURES) return undefined;
  const found: OwnerSignature[] = [];
  for (const item of value) {
    if (!isObject(item) || !hasExactly(item, ["protected", "signature"])) return undefined;
    const { protected: protectedText, signature: signatureText } = item;
    if (!isCanonical(protectedText) || !isCanonical(signatureText)) return undefined;
    found.push({ protectedText, signatureText });
  }
  return found;
}

function isCanonical(text: Json | undefined): text is string {
  return typeof text === "string" && text.length > 0 && base64urlDecode(text) !== undefined;
}

/** Distinct pinned owners with a valid signature; one owner who signed twice counts once. */
async function countSigners(jws: TrustJws, pinned: readonly string[]): Promise<number> {
  const owners = new Map<string, PublicKey>();
  for (const jwk of jws.payload.owners) {
    const imported = await importPublicKey(jwk);
    if (imported.ok && pinned.includes(imported.value.kid)) owners.set(imported.value.kid, imported.value);
  }
  const signed = new Set<string>();
  for (const { protectedText, signatureText } of jws.signatures) {
    const header = checkHeader(readHeader(base64urlDecode(protectedText) ?? new Uint8Array()), TYP);
    if (!header.ok) continue;
    const owner = owners.get(header.value.kid);
    if (owner === undefined || signed.has(owner.kid) || header.value.alg !== owner.alg) continue;
    if (await signatureHolds(`${protectedText}.${jws.payloadText}.${signatureText}`, owner.key, owner.alg))
      signed.add(owner.kid);
  }
  return signed.size;
}

async function importKeys(payload: TrustPayload): Promise<Result<readonly TrustedKey[], "trust_invalid">> {
  const taken = new Set(payload.owners.map(jwkThumbprint));
  const keys: TrustedKey[] = [];
  for (const [index, entry] of payload.keys.entries()) {
    const pointer = `/keys/${index}`;
    if (taken.has(entry.kid)) return fail("trust_invalid", "One key has two roles or stands here twice.", { pointer });
    taken.add(entry.kid);
    const key = await importEntry(entry);
    if (!key.ok) return fail("trust_invalid", key.error.detail, { pointer });
    keys.push(key.value);
  }
  return ok(keys);
}

async function importEntry(entry: TrustKey): Promise<Result<TrustedKey, "trust_invalid">> {
  const { kid, role, name, aud, nbf, exp } = entry;
  if (jwkThumbprint(entry.jwk) !== kid) return fail("trust_invalid", "A kid is not the thumbprint of its key.");
  if (!(nbf < exp)) return fail("trust_invalid", "A key is never valid.");
  const imported = await importPublicKey(entry.jwk);
  if (!imported.ok) return fail("trust_invalid", "A key is not a sound point of its curve.");
  const { jwk, key } = imported.value;
  return ok(Object.freeze({ kid, role, name, aud, nbf, exp, jwk, alg: algOf(jwk), key }));
}
