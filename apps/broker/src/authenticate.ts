import { agentByKey, type Bundle } from "@seb/catalogue";
import { type AgentDefinition, fail, ok, type Result } from "@seb/schema";
import { verifyProof } from "@seb/verify-core";
import type { Broker } from "./broker.js";

/** An agent of the active bundle, known by a proof of its key alone. */
export interface KnownAgent {
  readonly agent: AgentDefinition;
  readonly bundle: Bundle;
}

/** The active bundle that the signed status names. */
export async function activeBundle(broker: Broker): Promise<Result<Bundle>> {
  const status = broker.ports.status.current();
  if (!status.ok) return status;
  if (status.value.bundle === null) return fail("no_active_bundle", "no control bundle is active");
  return broker.bundles.open(status.value.bundle);
}

/** Authenticates an agent for observations and reads: a fresh proof over method, address and body, by a registered key. */
export async function authenticateAgent(
  broker: Broker,
  request: { readonly proof: string | undefined; readonly method: string; readonly path: string; readonly op?: string },
): Promise<Result<KnownAgent>> {
  const { ports, config } = broker;
  if (request.proof === undefined) return fail("proof_missing", "a DPoP header is required");
  const nowSeconds = ports.clock.nowMs() / 1000;
  const proof = await verifyProof(request.proof, {
    method: request.method,
    urls: config.public_urls.map((base) => base + request.path),
    nowSeconds,
    maxAgeSeconds: config.proof_max_age_seconds,
    keys: broker.proofKeys,
    ...(request.op === undefined ? {} : { op: request.op }),
  });
  if (!proof.ok) return proof;
  const { jkt, jti, iat } = proof.value;
  const bundle = await activeBundle(broker);
  if (!bundle.ok) return bundle;
  const agent = agentByKey(bundle.value, jkt, nowSeconds);
  if (!agent.ok) return agent;
  if (!broker.proofs.admit(jkt, jti, iat, nowSeconds, config.proof_max_age_seconds)) {
    return fail("proof_replayed", "the proof was used before");
  }
  return ok({ agent: agent.value, bundle: bundle.value });
}
