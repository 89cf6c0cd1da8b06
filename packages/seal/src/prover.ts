import { createHash } from "node:crypto";
import { canonicalize } from "@seb/canonical";
import { DPOP_TYP, ok, ProofClaims, type Result, validate } from "@seb/schema";
import { CompactSign } from "jose";
import { loadKey, type PublicJwk } from "./key-file.js";

/** One request to prove possession for. */
export interface ProofRequest {
  readonly method: string;
  /** The service's public address of the resource, without query. */
  readonly url: string;
  readonly nowSeconds: number;
  /** 16 to 128 characters of A-Z a-z 0-9 _ -, never used before. */
  readonly jti: string;
  /** `seb-op-v1` digest of the body. */
  readonly op?: string;
  /** The token presented along with the proof. */
  readonly accessToken?: string;
}

/** Makes proofs of possession (RFC 9449) with an agent's or an approver's key. */
export interface Prover {
  /** Thumbprint of the key, as certificates name it in `cnf.jkt`. */
  readonly jkt: string;
  readonly publicJwk: PublicJwk;
  /** @throws TypeError when the request does not fit the schema of proofs: a bug of the caller. */
  prove(request: ProofRequest): Promise<string>;
}

function claimsOf(request: ProofRequest): ProofClaims {
  const { method, url, nowSeconds, jti, op, accessToken } = request;
  const ath = accessToken === undefined ? undefined : createHash("sha256").update(accessToken).digest("base64url");
  const claims = validate(
    ProofClaims,
    {
      jti,
      htm: method,
      htu: url,
      iat: Math.floor(nowSeconds),
      ...(ath === undefined ? {} : { ath }),
      ...(op === undefined ? {} : { op }),
    },
    "proof_claims_invalid",
  );
  if (!claims.ok) throw new TypeError(`prove: the request does not fit a proof (${claims.error.pointer ?? ""})`);
  return claims.value;
}

/** Makes a prover from a parsed key file: an agent's, or an approver's who wants to read what waits for people. */
export async function createProver(
  keyFile: unknown,
  role: "agent" | "approval" = "agent",
): Promise<Result<Prover, "setting_invalid">> {
  const loaded = await loadKey(keyFile, role);
  if (!loaded.ok) return loaded;
  const { kid, publicJwk, alg, key } = loaded.value;
  // The name that RFC 9449's readers know; RFC 9864 calls the same algorithm Ed25519.
  const header = { alg: alg === "Ed25519" ? "EdDSA" : alg, typ: DPOP_TYP, jwk: publicJwk };
  return ok(
    Object.freeze({
      jkt: kid,
      publicJwk,
      prove: async (request: ProofRequest) =>
        new CompactSign(new TextEncoder().encode(canonicalize(claimsOf(request)))).setProtectedHeader(header).sign(key),
    }),
  );
}
