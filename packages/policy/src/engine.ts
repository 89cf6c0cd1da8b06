import { type Bundle, cedarSchema, policyContext } from "@seb/catalogue";
import { fail, failMistakes, ok, type Result } from "@seb/schema";
import { askCedar, type PreparedPolicies, preparePolicies } from "./cedar.js";
import type { Permission, PolicyEngine, PolicyInput } from "./decision.js";
import { namesOf, unknownNames } from "./literals.js";
import { inOrder } from "./place.js";
import { failingTests } from "./policy-tests.js";
import { type RankedPolicies, rankPolicies } from "./ranked.js";
import { readPolicies } from "./read.js";
import { invalidPolicies } from "./validate.js";
import { makeWasmCallsSafe } from "./wasm-calls.js";

/**
 * Makes the engine of a bundle: parses its policies once, validates them strictly against the schema that follows from the facts and the
 * bundle's actions, and runs its policy tests.
 *
 * @returns `bundle_invalid` with every mistake, by file and line: a policy that does not parse, is a template, does not fit the schema, can
 *   never apply, names something that the bundle does not define, or lacks an `@id` or `@rank` of its own; else each failing policy test.
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
  const schema = cedarSchema(bundle.actions.keys());
  const read = readPolicies(bundle.policies);
  const ranked = rankPolicies(read.policies);
  const names = namesOf(bundle);
  const unknown = read.policies.flatMap((policy) => unknownNames(policy, names));
  const [first, ...more] = inOrder([
    ...read.mistakes,
    ...ranked.mistakes,
    ...unknown,
    ...invalidPolicies(schema, read.policies),
  ]);
  if (first !== undefined) return failMistakes("bundle_invalid", [first, ...more]);
  const prepared = preparePolicies(schema, ranked.texts);
  if (prepared === undefined) return fail("bundle_invalid", "policy: the engine could not prepare the policies");
  const engine: PolicyEngine = { decide: (input) => decide(bundle, ranked, prepared, input) };
  const [failing, ...others] = failingTests(bundle, engine, new Set(ranked.texts.keys()));
  return failing === undefined ? ok(Object.freeze(engine)) : failMistakes("bundle_invalid", [failing, ...others]);
}

function decide(
  bundle: Bundle,
  { ranks }: RankedPolicies,
  prepared: PreparedPolicies,
  input: PolicyInput,
): Result<Permission, "policy_denied" | "policy_error"> {
  const { subject, action, region } = input;
  const service = bundle.services.get(input.service);
  const agent = bundle.agents.get(subject);
  if (agent === undefined) return undecided(["unknown-agent"]);
  if (!bundle.actions.has(action)) return undecided(["unknown-action"]);
  if (service === undefined || !Object.hasOwn(service.regions, region)) return undecided(["unknown-service"]);
  const context = policyContext(input.context);
  if (!context.ok) return undecided([`context${context.error.pointer ?? ""}`]);

  const answer = askCedar(prepared, {
    agent: { name: subject.slice("agent:".length), owner: agent.owner },
    action,
    service,
    context: { ...context.value, region },
  });
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
