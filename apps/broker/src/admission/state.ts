import { observePlan, parseResource } from "@seb/catalogue";
import { fail, type LiveState, ok, type Precondition, type Result } from "@seb/schema";
import type { Compiled } from "./subject.js";

/** Names of the certified conditions that no longer hold, in order. */
function driftedKeys(certified: Precondition, seen: Precondition): readonly string[] {
  const keys = new Set([...Object.keys(certified), ...Object.keys(seen)]);
  return [...keys].filter((key) => certified[key] !== seen[key]).sort();
}

/** Looks at the target again and compares with the certified precondition. */
export async function checkState(compiled: Compiled, signal: AbortSignal): Promise<Result<LiveState>> {
  const { claims, bundle, connector } = compiled;
  const place = parseResource(claims.resource);
  if (!place) return fail("contract_mismatch", "the certified resource cannot be read");
  const plan = observePlan(bundle, claims.action, place.service, place.region);
  if (!plan.ok) return plan;
  const { target, operation, live } = plan.value;
  const seen = await connector.observe({ target, operation, live, signal });
  if (!seen.ok) return seen;
  const drifted = driftedKeys(claims.contract.precondition, seen.value.precondition);
  if (drifted.length > 0) {
    return fail("state_drifted", "the target changed since it was observed", {
      facts: { drifted: drifted.slice(0, 8) },
    });
  }
  return ok(seen.value);
}
