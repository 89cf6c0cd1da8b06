import { agentByKey } from "@seb/catalogue";
import { type AgentDefinition, fail, ok, type Result } from "@seb/schema";
import { verifyProof } from "@seb/verify-core";
import { isApproverKey } from "./approvals/approvers.js";
import type { Control } from "./control.js";
import type { Signer } from "./signer.js";

/** An agent of the active bundle, known by a proof of its key for exactly this request. */
export interface KnownAgent {
  readonly agent: AgentDefinition;
  /** Thumbprint of the key that made the proof. */
  readonly jkt: string;
  readonly control: Control;
}

/** Whoever may read what waits for people: an agent of the active bundle, or an approver. */
export interface KnownReader {
  readonly control: Control;
  /** Thumbprint of the approver's key; undefined for an agent. */
  readonly approverKey: string | undefined;
}

/** What an agent or an approver proves. */
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

/** A key that was proved for exactly this request, and what it means under the active bundle. */
interface ProvedKey {
  readonly jkt: string;
  readonly control: Control;
  readonly nowSeconds: number;
  /** Takes the proof; false when it was taken before. */
  take(): boolean;
}

async function proveKey(signer: Signer, proved: Proved): Promise<Result<ProvedKey>> {
  const { ports, config } = signer;
  if (proved.proof === undefined) return fail("proof_missing", "a DPoP header is required");
  const nowSeconds = ports.clock.nowMs() / 1000;
  const maxAgeSeconds = config.proof_max_age_seconds;
  const proof = await verifyProof(proved.proof, {
    method: proved.method,
    urls: config.public_urls.map((base) => base + proved.path),
    nowSeconds,
    maxAgeSeconds,
    keys: signer.proofKeys,
    ...(proved.op === undefined ? {} : { op: proved.op }),
  });
  if (!proof.ok) return proof;
  const control = await activeControl(signer);
  if (!control.ok) return control;
  const { jkt, jti, iat } = proof.value;
  const take = () => signer.proofs.admit(jkt, jti, iat, nowSeconds, maxAgeSeconds);
  return ok({ jkt, control: control.value, nowSeconds, take });
}

const replayed = () => fail("proof_replayed", "the proof was used before");

/** Authenticates agent, key and request by one proof: RFC 9449, section 4.3, with `op` over the body, by a registered key. */
export async function authenticateAgent(signer: Signer, proved: Proved): Promise<Result<KnownAgent>> {
  const key = await proveKey(signer, proved);
  if (!key.ok) return key;
  const { jkt, control, nowSeconds, take } = key.value;
  const agent = agentByKey(control.bundle, jkt, nowSeconds);
  if (!agent.ok) return agent;
  return take() ? ok({ agent: agent.value, jkt, control }) : replayed();
}

/** As for agents; besides, an approver of the active bundle may read with a proof of the key that signs their approvals. */
export async function authenticateReader(signer: Signer, proved: Proved): Promise<Result<KnownReader>> {
  const key = await proveKey(signer, proved);
  if (!key.ok) return key;
  const { jkt, control, nowSeconds, take } = key.value;
  const approves = isApproverKey(control.bundle, jkt);
  const agent = agentByKey(control.bundle, jkt, nowSeconds);
  if (!approves && !agent.ok) return agent;
  return take() ? ok({ control, approverKey: approves ? jkt : undefined }) : replayed();
}
