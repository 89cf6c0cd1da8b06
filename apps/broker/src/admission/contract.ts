import { agentAllowed, agentByKey } from "@seb/agents";
import { canonicalize, isJson } from "@seb/canonical";
import { admits, checkPrecondition, compile, instantiate, parseResource, policyIds, tierOf } from "@seb/catalogue";
import { type CertificateClaims, type ExecutionRequest, fail, ok, type Result } from "@seb/schema";
import type { OpenBundles } from "../bundles.js";
import type { BrokerPorts } from "../ports.js";
import type { Compiled } from "./subject.js";

function sameJson(a: unknown, b: unknown): boolean {
  return isJson(a) && isJson(b) && canonicalize(a) === canonicalize(b);
}

/**
 * Compiles the contract again from the bundle that the certificate names and compares it byte by byte with the certified one;
 * then holds the restated operation to the scope. What is executed later is the certified contract, never the request.
 */
export async function checkContract(
  ports: Pick<BrokerPorts, "connectors">,
  bundles: OpenBundles,
  claims: CertificateClaims,
  signerKid: string,
  request: ExecutionRequest | undefined,
  nowSeconds: number,
): Promise<Result<Compiled>> {
  const opened = await bundles.open(claims.bundle);
  if (!opened.ok) return opened;
  const bundle = opened.value;
  const agent = agentByKey(bundle, claims.cnf.jkt, nowSeconds);
  if (!agent.ok) return agent;
  if (agent.value.subject !== claims.sub) return fail("agent_unknown", "the bound key belongs to another agent");
  const allowed = agentAllowed(agent.value, claims.action);
  if (!allowed.ok) return allowed;

  const compiled = compile(bundle, claims.action, claims.resource, claims.scope, claims.contract.precondition);
  if (!compiled.ok)
    return fail("contract_mismatch", `the bundle does not compile to this contract: ${compiled.error.code}`);
  if (!sameJson(compiled.value, claims.contract))
    return fail("contract_mismatch", "the certified contract differs from the bundle's");
  const certifiable = checkPrecondition(bundle, claims.contract);
  if (!certifiable.ok) return certifiable;
  const place = parseResource(claims.resource);
  const definition = bundle.actions.get(claims.action);
  if (!place || !definition)
    return fail("contract_mismatch", "the certificate's action or resource is not in its bundle");
  const tier = tierOf(bundle, claims.action, place.service, claims.scope).tier;
  if (claims.tier < tier)
    return fail("contract_mismatch", "the certified tier is below the bundle's", { facts: { tier } });
  // A policy that the bundle does not have would be out of reach of every order against policies.
  if (!policyIds(bundle).includes(claims.policy.id))
    return fail("contract_mismatch", "the certificate names a policy that its bundle does not have");
  const connector = ports.connectors.get(claims.contract.connector);
  if (!connector)
    return fail("target_unknown", "this broker has no such connector", {
      facts: { connector: claims.contract.connector },
    });

  const base = { claims, signerKid, bundle, definition, connector };
  if (!request) return ok({ ...base, operation: undefined });
  if (request.action !== claims.action)
    return fail("action_mismatch", "the request names another action", { pointer: "/action" });
  if (request.resource !== claims.resource) {
    return fail("resource_mismatch", "the request names another resource", { pointer: "/resource" });
  }
  const within = admits(definition, claims.scope, request.parameters);
  if (!within.ok) return within;
  const operation = instantiate(claims.contract, request.parameters);
  if (!operation.ok) return operation;
  return ok({ ...base, operation: operation.value });
}
