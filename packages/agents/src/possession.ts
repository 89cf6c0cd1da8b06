import { fail, ok, type Result } from "@seb/schema";
import { createProofKeys, createReplayWindow, verifyProof } from "@seb/verify-core";
import type { ProvenRequest } from "./request.js";

/** Most proofs remembered at once, and most keys of earlier proofs kept. */
const MAX_PROOFS = 200_000;
const MAX_PROOF_KEYS = 1000;

/** Where a service is reached, and how old a proof may be there. */
export interface PossessionOptions {
  readonly clock: { nowMs(): number };
  /** Configured public addresses, e.g. `https://broker.example`, without path. Forwarded headers are never looked at. */
  readonly publicUrls: readonly string[];
  /** Oldest `iat` of a proof, in seconds. */
  readonly maxAgeSeconds: number;
}

/** A key that was proved for exactly one request. */
export interface ProvenKey {
  /** RFC 7638 thumbprint. */
  readonly jkt: string;
  /** The clock when the proof was verified, in seconds. */
  readonly nowSeconds: number;
  /** Spends the proof. To be asked once it is known that the key counts here: strangers' proofs would fill the window of those seen. */
  spend(): Result<void, "proof_replayed">;
}

/** Proofs of possession as one service takes them: each once, for exactly the request that shows it. */
export interface Possession {
  /** The key that made the request's proof, by RFC 9449, section 4.3, with SEB's `op` over the body. Whose key it is, is not asked. */
  prove(request: ProvenRequest): Promise<Result<ProvenKey>>;
  /**
   * Did the key of `jkt` make this request's proof, over this certificate (`ath`)? Spends the proof when it did.
   *
   * @param jkt `cnf.jkt` of the certificate.
   */
  check(request: ProvenRequest & { readonly certificate: string }, jkt: string): Promise<Result<void>>;
}

/** Keeps the proofs seen within their age in memory. A full window refuses; it never forgets what could be shown again. */
export function createPossession({ clock, publicUrls, maxAgeSeconds }: PossessionOptions): Possession {
  const seen = createReplayWindow({ maxEntries: MAX_PROOFS });
  const keys = createProofKeys({ maxEntries: MAX_PROOF_KEYS });

  async function verify(request: ProvenRequest, accessToken: string | undefined): Promise<Result<ProvenKey>> {
    if (request.proof === undefined) return fail("proof_missing", "The request has no DPoP header.");
    const nowSeconds = clock.nowMs() / 1000;
    const proof = await verifyProof(request.proof, {
      method: request.method,
      urls: publicUrls.map((base) => base + request.path),
      nowSeconds,
      maxAgeSeconds,
      keys,
      ...(request.op === undefined ? {} : { op: request.op }),
      ...(accessToken === undefined ? {} : { accessToken }),
    });
    if (!proof.ok) return proof;
    const { jkt, jti, iat } = proof.value;
    const spend = () =>
      seen.admit(jkt, jti, iat, nowSeconds, maxAgeSeconds)
        ? ok(undefined)
        : fail("proof_replayed", "The proof was used before.");
    return ok({ jkt, nowSeconds, spend });
  }

  return {
    prove: (request) => verify(request, undefined),
    async check(request, jkt) {
      const proven = await verify(request, request.certificate);
      if (!proven.ok) return proven;
      if (proven.value.jkt !== jkt) return fail("proof_key_mismatch", "The proof was made with another key.");
      return proven.value.spend();
    },
  };
}
