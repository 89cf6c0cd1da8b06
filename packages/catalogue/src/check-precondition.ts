import { type Contract, fail, failMistakes, ok, type Result } from "@seb/schema";
import type { Bundle } from "./bundle-contents.js";
import { languageOf } from "./languages.js";
import { observePlan } from "./observe-plan.js";
import { parseResource } from "./resource.js";

/**
 * Holds a contract's precondition to the language of its connector: exactly the conditions that the operation and the live fields of the
 * action certify on this resource, each with a value of its alphabet. Whether they hold is for the target to say.
 */
export function checkPrecondition(
  bundle: Bundle,
  { action, resource, precondition }: Pick<Contract, "action" | "resource" | "precondition">,
): Result<void, "contract_mismatch"> {
  const place = parseResource(resource);
  const plan = place && observePlan(bundle, action, place.service, place.region);
  if (!plan?.ok) return fail("contract_mismatch", "The action does not apply to the resource.");
  const language = languageOf(plan.value.connector);
  if (language === undefined) return fail("contract_mismatch", "No connector of that name is known.");
  const [first, ...more] = language.preconditionMistakes(plan.value, precondition);
  return first === undefined ? ok(undefined) : failMistakes("contract_mismatch", [first, ...more]);
}
