import { agentByKey } from "@seb/catalogue";
import { type AgentDefinition, fail, ok, type Result } from "@seb/schema";
import { verifyProof } from "@seb/verify-core";
import type { Control } from "./control.js";
import type { Signer } from "./signer.js";

/** An agent of the active bundle, known by a proof of its key for exactly this request. */
export interface KnownAgent {
  readonly agent: AgentDefinition;
  /** Thumbprint of the key that made the proof. */
  readonly jkt: string;
  readonly control: Control;
}

/** What an agent proves. */
export interface Proved {
  readonly proof: string | undefined;
  readonly method: string;
  /** Path of this request. */
  readonly path: string;
  /** Digest of the body, where there is one. */
  readonly op?: string;
}

/** The control bundle that the signed status names as active. */
export async function activeControl(signer: Signer): Promise<Result<Control>> {
  const status = signer.ports.status.current();
  if (!status.ok) return status;
  if (status.value.bundle === null) return fail("no_active_bundle", "no control bundle is active");
  return signer.control.open(status.value.bundle);
}

/** Authenticates agent, key and request by one proof: RFC 9449, section 4.3, with `op` over the body, by a registered key. */
export async function authenticateAgent(signer: Signer, proved: Proved): Promise<Result<KnownAgent>> {
  const { ports, config } = signer;
  if (proved.proof === undefined) return fail("proof_missing", "a DPoP header is required");
  const nowSeconds = ports.clock.nowMs() / 1000;
  const proof = await verifyProof(proved.proof, {
    method: proved.method,
    urls: config.public_urls.map((base) => base + proved.path),
    nowSeconds,
    maxAgeSeconds: config.proof_max_age_seconds,
    ...(proved.op === undefined ? {} : { op: proved.op }),
  });
  if (!proof.ok) return proof;
  const control = await activeControl(signer);
  if (!control.ok) return control;
  const { jkt, jti, iat } = proof.value;
  const agent = agentByKey(control.value.bundle, jkt, nowSeconds);
  if (!agent.ok) return agent;
  if (!signer.proofs.admit(jkt, jti, iat, nowSeconds, config.proof_max_age_seconds))
    return fail("proof_replayed", "the proof was used before");
  return ok({ agent: agent.value, jkt, control: control.value });
}
