import {
  type DetailedError,
  policySetTextToParts,
  policyToJson,
  preparsePolicySet,
  preparseSchema,
  statefulIsAuthorized,
  validate,
} from "@cedar-policy/cedar-wasm/nodejs";
import { digest } from "@seb/canonical";

/** One policy as it stands in the bundle. */
export interface PolicyText {
  readonly effect: "permit" | "forbid";
  readonly annotations: Readonly<Record<string, unknown>>;
  readonly text: string;
}

/** A request in Cedar's words. */
export interface CedarRequest {
  readonly agent: string;
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

/** Splits a text into its policies; undefined when it cannot be parsed or holds templates, which nothing here would link. */
export function readPolicies(text: string): readonly PolicyText[] | undefined {
  const parts = policySetTextToParts(text);
  if (parts.type === "failure" || parts.policy_templates.length > 0) return undefined;
  const policies: PolicyText[] = [];
  for (const part of parts.policies) {
    const read = policyToJson(part);
    if (read.type === "failure") return undefined;
    policies.push({ effect: read.json.effect, annotations: read.json.annotations ?? {}, text: part });
  }
  return policies;
}

/**
 * Validates policies against a schema in strict mode and parses both once. Warnings count: a policy that can never apply is a mistake.
 *
 * @param policies text by id.
 * @returns what to decide with, or why not.
 */
export function preparePolicies(
  schema: string,
  policies: ReadonlyMap<string, string>,
): { readonly prepared: PreparedPolicies } | { readonly problem: string } {
  const staticPolicies = Object.fromEntries(policies);
  const answer = validate({ validationSettings: { mode: "strict" }, schema, policies: { staticPolicies } });
  if (answer.type === "failure") return { problem: firstOf(answer.errors) };
  const found = [...answer.validationErrors, ...answer.validationWarnings].map(({ error }) => error);
  const [first] = [...found, ...answer.otherWarnings];
  if (first !== undefined) return { problem: firstOf([first]) };
  // Engines of two bundles live side by side, and equal ids may stand for other bytes.
  const name = digest("seb-cedar-v1", { schema, policies: staticPolicies });
  const parsed = [preparseSchema(name, schema), preparsePolicySet(name, { staticPolicies })];
  const failed = parsed.find((step) => step.type === "failure");
  return failed?.type === "failure" ? { problem: firstOf(failed.errors) } : { prepared: { name } };
}

function firstOf(errors: readonly DetailedError[]): string {
  return (errors[0]?.message ?? "unknown error").replace(/[^ -~]/g, " ").slice(0, 200);
}

/**
 * Asks Cedar with the request checked against the schema. A policy that fails to evaluate is skipped by Cedar, which for a forbid
 * would allow: any such error, any failure and anything thrown is an error here, never a decision.
 */
export function askCedar({ name }: PreparedPolicies, request: CedarRequest): CedarAnswer {
  const principal = { type: "Agent", id: request.agent };
  const resource = { type: "Service", id: request.service.name };
  const { owner, tier } = request.service;
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
        { uid: principal, attrs: {}, parents: [] },
        { uid: resource, attrs: { owner, tier }, parents: [] },
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
