import { type Bundle, policyContext } from "@seb/catalogue";
import { facts, fail, ok, type PolicyContext, type Result } from "@seb/schema";
import { askCedar, type PreparedPolicies, preparePolicies, readPolicies } from "./cedar.js";
import { type RankedPolicies, rankPolicies } from "./ranked.js";
import { makeWasmCallsSafe } from "./wasm-calls.js";

/** One request to be judged; everything in it was verified before. */
export interface PolicyInput {
  /** `agent:<name>` */
  readonly subject: string;
  readonly action: string;
  readonly service: string;
  readonly region: string;
  readonly context: PolicyContext;
}

/** The permitting policies by rank: the first is the approver. */
export interface Permission {
  readonly policies: readonly string[];
}

/** Decides under the policies of one bundle. */
export interface PolicyEngine {
  /**
   * Denies unless a policy permits and none forbids.
   *
   * @returns `policy_denied` with the forbidding policies in `facts.reasons` (or `no-policy-permits`); `policy_error`, also a denial,
   *   when the input is not one that the bundle knows or anything went wrong while evaluating.
   */
  decide(input: PolicyInput): Result<Permission, "policy_denied" | "policy_error">;
}

/**
 * Makes the engine of a bundle: parses its policies once, validates them strictly against its schema, and runs its policy tests.
 *
 * @returns `bundle_invalid` when a policy cannot be parsed, does not fit the schema, can never apply, is a template, lacks an `@id` or
 *   `@rank` of its own, when the schema does not admit an action of the bundle, or when a policy test fails.
 */
export function createPolicyEngine(bundle: Bundle): Result<PolicyEngine, "bundle_invalid"> {
  makeWasmCallsSafe();
  try {
    return build(bundle);
  } catch {
    return fail("bundle_invalid", "policy: the engine could not read the policies");
  }
}

function build(bundle: Bundle): Result<PolicyEngine, "bundle_invalid"> {
  const policies = readPolicies(bundle.cedar.policies);
  if (policies === undefined) return fail("bundle_invalid", "policy: a policy cannot be parsed, or is a template");
  const ranked = rankPolicies(policies);
  if ("problem" in ranked) return fail("bundle_invalid", `policy: ${ranked.problem}`);
  const made = preparePolicies(bundle.cedar.schema, ranked.texts);
  if ("problem" in made) return fail("bundle_invalid", `policy: ${made.problem}`);
  const engine: PolicyEngine = { decide: (input) => decide(bundle, ranked, made.prepared, input) };
  const problem = unadmittedAction(bundle, made.prepared) ?? failingTest(bundle, engine);
  return problem === undefined ? ok(Object.freeze(engine)) : fail("bundle_invalid", `policy: ${problem}`);
}

function decide(
  bundle: Bundle,
  { ranks }: RankedPolicies,
  prepared: PreparedPolicies,
  input: PolicyInput,
): Result<Permission, "policy_denied" | "policy_error"> {
  const { subject, action, region } = input;
  const service = bundle.services.get(input.service);
  if (!bundle.agents.has(subject)) return undecided(["unknown-agent"]);
  if (!bundle.actions.has(action)) return undecided(["unknown-action"]);
  if (service === undefined || !Object.hasOwn(service.regions, region)) return undecided(["unknown-service"]);
  const context = policyContext(input.context);
  if (!context.ok) return undecided([`context${context.error.pointer ?? ""}`]);

  const agent = subject.slice("agent:".length);
  const answer = askCedar(prepared, { agent, action, service, context: { ...context.value, region } });
  if (answer.kind === "error") return undecided(answer.reasons);
  if (!answer.allow) {
    const reasons = answer.determining.length === 0 ? ["no-policy-permits"] : [...answer.determining].sort();
    return fail("policy_denied", "No policy permits this.", { facts: { reasons } });
  }
  const policiesByRank = [...answer.determining].sort((a, b) => (ranks.get(a) ?? 0) - (ranks.get(b) ?? 0));
  // An allow that no known policy stands behind is not one.
  if (policiesByRank.length === 0 || !policiesByRank.every((id) => ranks.has(id))) return undecided(["engine"]);
  return ok({ policies: policiesByRank });
}

function undecided(reasons: readonly string[]) {
  return fail("policy_error", "The policy could not be evaluated.", { facts: { reasons: [...reasons] } });
}

function unadmittedAction(bundle: Bundle, prepared: PreparedPolicies): string | undefined {
  const service = { name: "probe", owner: "probe", tier: 0 };
  const context = { ...facts.neutralContext(), region: "probe" };
  for (const action of bundle.actions.keys()) {
    if (askCedar(prepared, { agent: "probe", action, service, context }).kind === "error") {
      return `the schema does not admit a request for action ${action}`;
    }
  }
  return undefined;
}

function failingTest(bundle: Bundle, engine: PolicyEngine): string | undefined {
  if (bundle.policyTests.length === 0) return "there are no policy tests";
  for (const { name, agent, action, service, region, context, expect } of bundle.policyTests) {
    const decided = engine.decide({ subject: `agent:${agent}`, action, service, region, context });
    const permits = decided.ok ? decided.value.policies : [];
    const erred = !decided.ok && decided.error.code === "policy_error";
    if (erred || permits.join() !== expect.join()) return `policy test failed: ${name}`;
  }
  return undefined;
}
