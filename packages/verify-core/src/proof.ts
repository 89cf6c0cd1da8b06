import { createHash } from "node:crypto";
import { equalBytes, type JsonObject } from "@seb/canonical";
import { CLOCK_SKEW, DPOP_TYP, fail, MAX_TOKEN_BYTES, ok, ProofClaims, type Result, validate } from "@seb/schema";
import { normalizedHtu } from "./htu.js";
import type { ProofKeys } from "./proof-keys.js";
import { importPublicKey, type PublicKey } from "./public-key.js";
import { hasExactly, readHeader, readPayload, splitCompact } from "./segments.js";
import { signatureHolds } from "./signature.js";

/** What the request at hand requires of its proof. */
export interface ProofExpectation {
  readonly method: string;
  /** The service's public addresses of this resource; `htu` must be one of them, see {@link normalizedHtu}. */
  readonly urls: readonly string[];
  readonly nowSeconds: number;
  /** Oldest `iat` accepted. */
  readonly maxAgeSeconds: number;
  /** `seb-op-v1` digest of the body; a request without body has none, and then neither has its proof. */
  readonly op?: string;
  /** The token presented along with the proof. */
  readonly accessToken?: string;
  /** Keeps the keys of earlier proofs; without it each is imported anew. */
  readonly keys?: ProofKeys;
}
/** A proof that holds for the request. `jkt` is the thumbprint of the key that made it. */
export interface VerifiedProof {
  readonly jkt: string;
  readonly jti: string;
  readonly iat: number;
}
export type ProofCode =
  | "proof_malformed"
  | "proof_key_weak"
  | "proof_signature_invalid"
  | "proof_claims_invalid"
  | "proof_method_mismatch"
  | "proof_url_mismatch"
  | "proof_expired"
  | "proof_operation_mismatch"
  | "proof_token_mismatch";

const SIGNATURE_BYTES = 64;
/** Ed25519 has two registered names (RFC 8037, RFC 9864); DPoP libraries use either. */
const ALGS: Readonly<Record<PublicKey["alg"], readonly string[]>> = {
  Ed25519: ["Ed25519", "EdDSA"],
  ES256: ["ES256"],
};

interface OpenedProof {
  readonly alg: string;
  readonly jwk: unknown;
  readonly payload: JsonObject;
}

/**
 * Verifies a proof of possession as RFC 9449, section 4.3, and SEB's own claim `op`. Replay is the caller's question:
 * see `createReplayWindow`; so is whether `jkt` is the key that a certificate is bound to.
 */
export async function verifyProof(proof: string, expect: ProofExpectation): Promise<Result<VerifiedProof, ProofCode>> {
  const opened = openProof(proof);
  if (!opened.ok) return opened;
  const { alg, jwk, payload } = opened.value;
  const key = await (expect.keys?.import(jwk) ?? importPublicKey(jwk));
  if (!key.ok) return key;
  if (!ALGS[key.value.alg].includes(alg)) return fail("proof_malformed", "The proof's alg does not fit its key.");
  if (!(await signatureHolds(proof, key.value.key, alg)))
    return fail("proof_signature_invalid", "The proof's signature does not verify.");
  const claims = validate(ProofClaims, payload, "proof_claims_invalid");
  if (!claims.ok) return claims;
  const matches = matchesRequest(claims.value, expect);
  if (!matches.ok) return matches;
  return ok({ jkt: key.value.kid, jti: claims.value.jti, iat: claims.value.iat });
}

function openProof(proof: string): Result<OpenedProof, "proof_malformed" | "proof_signature_invalid"> {
  const segments = splitCompact(proof, MAX_TOKEN_BYTES[DPOP_TYP]);
  if (!segments.ok) return fail("proof_malformed", segments.error.detail);
  const header = readHeader(segments.value.header);
  if (header === undefined || !hasExactly(header, ["alg", "typ", "jwk"]) || header.typ !== DPOP_TYP)
    return fail("proof_malformed", "The proof's header is not exactly alg, typ (dpop+jwt) and jwk.");
  if (header.alg !== "EdDSA" && header.alg !== "Ed25519" && header.alg !== "ES256")
    return fail("proof_malformed", "The proof's alg is none of EdDSA, Ed25519 and ES256.");
  const payload = readPayload(segments.value.payload);
  if (payload === undefined) return fail("proof_malformed", "The proof's payload is not a strict JSON object.");
  if (segments.value.signature.length !== SIGNATURE_BYTES)
    return fail("proof_signature_invalid", "The proof's signature is not 64 bytes.");
  return ok({ alg: header.alg, jwk: header.jwk, payload });
}

function matchesRequest(claims: ProofClaims, expect: ProofExpectation): Result<void, ProofCode> {
  if (claims.htm !== expect.method)
    return fail("proof_method_mismatch", `The proof was made for ${claims.htm}, the request is ${expect.method}.`);
  const address = matchesAddress(claims.htu, expect.urls);
  if (!address.ok) return address;
  const { nowSeconds, maxAgeSeconds } = expect;
  if (!(claims.iat <= nowSeconds + CLOCK_SKEW.tokenSeconds) || !(nowSeconds - claims.iat <= maxAgeSeconds))
    return fail("proof_expired", `The proof is older than ${maxAgeSeconds} s or from the future.`);
  const operation = matchesOperation(claims.op, expect.op);
  return operation.ok ? matchesToken(claims.ath, expect.accessToken) : operation;
}

/** A refusal quotes only normalised addresses: bounded, printable, and without a query, which might hold a secret. */
function matchesAddress(htu: string, urls: readonly string[]): Result<void, "proof_url_mismatch"> {
  const found = normalizedHtu(htu);
  const expected = urls.map(normalizedHtu).filter((url) => url !== undefined);
  if (found !== undefined && expected.includes(found)) return ok(undefined);
  const made = found === undefined ? "something that is not an http or https address" : found;
  return fail("proof_url_mismatch", `The proof was made for ${made}, the request is for ${expected.join(" or ")}.`);
}

function matchesOperation(op: string | undefined, expected: string | undefined): Result<void, ProofCode> {
  if (op === undefined && expected !== undefined)
    return fail("proof_claims_invalid", "The proof lacks the claim op.", { pointer: "/op" });
  if (op !== expected) return fail("proof_operation_mismatch", "The proof was made for another body.");
  return ok(undefined);
}

/** RFC 9449, section 4.2: `ath` is the base64url SHA-256 of the ASCII token. */
function matchesToken(ath: string | undefined, accessToken: string | undefined): Result<void, ProofCode> {
  if (ath === undefined && accessToken === undefined) return ok(undefined);
  if (ath === undefined) return fail("proof_claims_invalid", "The proof lacks the claim ath.", { pointer: "/ath" });
  const expected = accessToken === undefined ? "" : createHash("sha256").update(accessToken).digest("base64url");
  if (!equalBytes(ath, expected)) return fail("proof_token_mismatch", "The proof was made for another token.");
  return ok(undefined);
}
