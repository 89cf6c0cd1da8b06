import { fail, ok, type Result } from "@seb/schema";
import { verifyProof } from "@seb/verify-core";
import type { Broker } from "../broker.js";
import type { Presented } from "./subject.js";

/** RFC 9449, section 4.3, with `ath` and `op`: the certificate's own key made a fresh proof for exactly this request. */
export async function checkPossession(broker: Broker, presented: Presented, jkt: string): Promise<Result<void>> {
  if (presented.proof === undefined) return fail("proof_missing", "a DPoP header is required");
  const { ports, config } = broker;
  const nowSeconds = ports.clock.nowMs() / 1000;
  const proof = await verifyProof(presented.proof, {
    method: presented.method,
    urls: config.public_urls.map((base) => base + presented.path),
    nowSeconds,
    maxAgeSeconds: config.proof_max_age_seconds,
    keys: broker.proofKeys,
    op: presented.op,
    accessToken: presented.certificate,
  });
  if (!proof.ok) return proof;
  if (proof.value.jkt !== jkt) return fail("proof_key_mismatch", "the proof was made with another key");
  const { jti, iat } = proof.value;
  if (!broker.proofs.admit(jkt, jti, iat, nowSeconds, config.proof_max_age_seconds)) {
    return fail("proof_replayed", "the proof was used before");
  }
  return ok(undefined);
}
