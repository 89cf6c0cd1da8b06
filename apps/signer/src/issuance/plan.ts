import { revokedValues } from "@seb/authority";
import {
  checkPrecondition,
  compile,
  type Grant,
  modeOf,
  planGrant,
  stableContractDigest,
  tierOf,
} from "@seb/catalogue";
import { type CertificateRequest, type Contract, fail, type ObservationClaims, ok, type Result } from "@seb/schema";
import { verifyObservation } from "@seb/verify-core";
import type { Signer } from "../signer.js";
import type { Entitled } from "./request.js";

/** What would be granted: the compiled contract, and the observation that its precondition comes from. */
export interface Plan {
  readonly grant: Grant;
  readonly observation: ObservationClaims;
  readonly contract: Contract;
  /** `seb-stable-contract-v1`: the contract without its precondition, which approvers cannot foresee. */
  readonly stableContract: string;
  readonly mode: "enforce" | "shadow";
}

/** Step `compile`: the grant, the broker's observation of exactly this resource by exactly this agent, and the contract from both. */
export async function plan(
  signer: Pick<Signer, "clock" | "config" | "trust">,
  entitled: Entitled,
  body: CertificateRequest,
): Promise<Result<Plan>> {
  const { bundle } = entitled.control;
  const grant = planGrant(bundle, body);
  if (!grant.ok) return grant;
  const { resource, scope, audience } = grant.value;
  const verified = await verifyObservation(body.observation, signer.trust(), {
    audience,
    nowSeconds: signer.clock.nowMs() / 1000,
    maxAgeSeconds: signer.config.observation_max_age_seconds,
  });
  if (!verified.ok) return verified;
  const { claims: observation, kid } = verified.value;
  if (revokedValues(entitled.word.view, "key").has(kid))
    return fail("observation_invalid", "the observation's key is revoked", { facts: { cause: "revoked_key" } });
  const differs = (
    [
      ["sub", entitled.agent.subject],
      ["action", body.action],
      ["resource", resource],
      ["bundle", bundle.digest],
    ] as const
  ).find(([claim, expected]) => observation[claim] !== expected);
  if (differs)
    return fail("observation_mismatch", `the observation has another ${differs[0]}`, { pointer: "/observation" });
  const { precondition } = observation.state;
  const certifiable = checkPrecondition(bundle, { action: body.action, resource, precondition });
  if (!certifiable.ok)
    return fail(
      "observation_mismatch",
      `The observation's precondition does not fit the action: ${certifiable.error.detail}`,
      {
        pointer: "/observation",
      },
    );
  const contract = compile(bundle, body.action, resource, scope, precondition);
  if (!contract.ok) return contract;
  const mode = body.mode === "shadow" ? "shadow" : modeOf(bundle, body.action, body.service);
  return ok({
    grant: grant.value,
    observation,
    contract: contract.value,
    stableContract: stableContractDigest(contract.value),
    mode,
  });
}

/** Step `tier`: the consequence tier of the worst that the scope allows. */
export function tier(
  signer: Pick<Signer, "config">,
  entitled: Entitled,
  body: CertificateRequest,
  { grant }: Plan,
): Result<ReturnType<typeof tierOf>> {
  const found = tierOf(entitled.control.bundle, body.action, body.service, grant.scope);
  if (found.tier <= signer.config.max_tier) return ok(found);
  return fail("tier_refused", "this signer issues nothing of that tier", {
    facts: { tier: found.tier, max_tier: signer.config.max_tier, reasons: found.reasons },
  });
}
