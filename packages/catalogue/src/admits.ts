import { type ActionDefinition, fail, ok, type Result } from "@seb/schema";
import { member } from "./definition.js";
import { fitsBound, fitsParameter, isWithin } from "./values.js";

type Given = Readonly<Record<string, unknown>>;

/**
 * Says whether restated parameters lie within a scope: every parameter of the definition and none besides, each of its exact
 * type and within every scope key that bounds it. Strings must be NFC and are compared by code units. The scope itself must have
 * exactly the definition's keys.
 */
export function admits(definition: ActionDefinition, scope: Given, parameters: Given): Result<void, "scope_exceeded"> {
  const key = scopeProblem(definition, scope);
  if (key !== undefined)
    return fail("scope_exceeded", "The scope does not fit the action.", { facts: { scope_key: key } });
  const surplus = Reflect.ownKeys(parameters).some(
    (name) => typeof name !== "string" || !Object.hasOwn(definition.parameters, name),
  );
  if (surplus) return fail("scope_exceeded", "A parameter is not one of the action's.", { pointer: "/parameters" });
  for (const [name, parameter] of Object.entries(definition.parameters)) {
    const pointer = `/parameters/${name}`;
    const value = member(parameters, name);
    if (value === undefined) return fail("scope_exceeded", "A parameter is missing.", { pointer });
    if (!fitsParameter(parameter, value))
      return fail("scope_exceeded", "A parameter does not fit its definition.", { pointer });
    for (const [scopeKey, { bounds, by }] of Object.entries(definition.scope)) {
      if (bounds !== name || isWithin(by, member(scope, scopeKey), value)) continue;
      return fail("scope_exceeded", "A parameter lies outside its bound.", { pointer, facts: { scope_key: scopeKey } });
    }
  }
  return ok(undefined);
}

/**
 * First scope key that is missing, surplus, no bound that the definition allows, or at odds with the value that an `equals` key fixes;
 * undefined when the scope fits.
 */
export function scopeProblem(definition: ActionDefinition, scope: Given): string | undefined {
  const keys = Object.entries(definition.scope);
  for (const [key, { bounds, by }] of keys) {
    const parameter = member(definition.parameters, bounds);
    if (parameter === undefined || !fitsBound(parameter, by, member(scope, key))) return key;
  }
  for (const [key, { bounds, by }] of keys) {
    if (by !== "equals") continue;
    const fixed = member(scope, key);
    const at = (other: string) => member(scope, other);
    const odd = keys.find(([other, rule]) => rule.bounds === bounds && !isWithin(rule.by, at(other), fixed));
    if (odd !== undefined) return odd[0];
  }
  return Reflect.ownKeys(scope).every((key) => typeof key === "string" && Object.hasOwn(definition.scope, key))
    ? undefined
    : "?";
}
