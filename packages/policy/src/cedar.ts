import { preparsePolicySet, preparseSchema, statefulIsAuthorized } from "@cedar-policy/cedar-wasm/nodejs";
import { digest } from "@seb/canonical";

/** A request in Cedar's words. */
export interface CedarRequest {
  readonly agent: { readonly name: string; readonly owner: string };
  readonly action: string;
  readonly service: { readonly name: string; readonly owner: string; readonly tier: number };
  readonly context: Readonly<Record<string, string | number | boolean>>;
}

/** What Cedar says: `determining` are the permits that allow, or the forbids that deny. Or why it could say nothing. */
export type CedarAnswer =
  | { readonly kind: "decided"; readonly allow: boolean; readonly determining: readonly string[] }
  | { readonly kind: "error"; readonly reasons: readonly string[] };

/** Parsed policies and schema of one bundle, kept inside the engine under the digest of their bytes. */
export interface PreparedPolicies {
  readonly name: string;
}

/**
 * Parses validated policies and their schema once.
 *
 * @param policies text by id.
 * @returns undefined when one of them does not parse.
 */
export function preparePolicies(schema: string, policies: ReadonlyMap<string, string>): PreparedPolicies | undefined {
  const staticPolicies = Object.fromEntries(policies);
  // Engines of two bundles live side by side, and equal ids may stand for other bytes.
  const name = digest("cedar", { schema, policies: staticPolicies });
  const parsed = [preparseSchema(name, schema), preparsePolicySet(name, { staticPolicies })];
  return parsed.every((step) => step.type === "success") ? { name } : undefined;
}

/**
 * Asks Cedar with the request checked against the schema. A policy that fails to evaluate is skipped by Cedar, which for a forbid
 * would allow: any such error, any failure and anything thrown is an error here, never a decision.
 */
export function askCedar({ name }: PreparedPolicies, request: CedarRequest): CedarAnswer {
  const principal = { type: "Agent", id: request.agent.name };
  const resource = { type: "Service", id: request.service.name };
  const [agentTeam, serviceTeam] = [teamOf(request.agent.owner), teamOf(request.service.owner)];
  try {
    const answer = statefulIsAuthorized({
      principal,
      action: { type: "Action", id: request.action },
      resource,
      context: { ...request.context },
      preparsedSchemaName: name,
      validateRequest: true,
      preparsedPolicySetId: name,
      entities: [
        { uid: principal, attrs: { owner: { __entity: agentTeam } }, parents: [agentTeam] },
        {
          uid: resource,
          attrs: { owner: { __entity: serviceTeam }, tier: request.service.tier },
          parents: [serviceTeam],
        },
      ],
    });
    if (answer.type !== "success") return { kind: "error", reasons: ["request"] };
    const { decision, diagnostics } = answer.response;
    if (diagnostics.errors.length > 0) {
      return { kind: "error", reasons: diagnostics.errors.map(({ policyId }) => `evaluation:${policyId}`) };
    }
    return { kind: "decided", allow: decision === "allow", determining: diagnostics.reason };
  } catch {
    return { kind: "error", reasons: ["engine"] };
  }
}

const teamOf = (owner: string) => ({ type: "Team", id: owner });
