import type { ActionDefinition } from "@seb/schema";
import type { Bundle } from "./bundle-contents.js";
import { member } from "./definition.js";
import type { Scope } from "./plan.js";

export type Tier = 0 | 1 | 2 | 3;

/**
 * Consequence tier of an action under a scope: the highest of the action's, the service's and each consequence that the worst
 * value which the scope allows would have. `reasons` says where the tier comes from. What the bundle does not know counts as 3.
 */
export function tierOf(
  bundle: Bundle,
  action: string,
  serviceName: string,
  scope: Scope,
): { tier: Tier; reasons: string[] } {
  const definition = bundle.actions.get(action);
  const service = bundle.services.get(serviceName);
  if (definition === undefined || service === undefined) return { tier: 3, reasons: ["unknown action or service"] };
  const factors = [
    { tier: definition.tier, reason: `action ${action} is of tier ${definition.tier}` },
    { tier: service.tier, reason: `service ${serviceName} is of tier ${service.tier}` },
    ...definition.consequences.filter(({ parameter, above }) => worstOf(definition, parameter, scope) > above),
  ];
  const highest = Math.max(...factors.map(({ tier }) => tier));
  const reasons = factors.filter(({ tier }) => tier === highest).map(({ reason }) => reason);
  return { tier: asTier(highest), reasons };
}

function asTier(value: number): Tier {
  return value === 0 || value === 1 || value === 2 ? value : 3;
}

function worstOf(definition: ActionDefinition, name: string, scope: Scope): number {
  const parameter = member(definition.parameters, name);
  if (parameter?.type !== "integer") return Number.POSITIVE_INFINITY;
  const upper = Object.entries(definition.scope)
    .filter(([, { bounds, by }]) => bounds === name && by !== "at_least")
    .map(([key]) => member(scope, key))
    .filter((bound) => typeof bound === "number");
  return Math.min(parameter.maximum, ...upper);
}
