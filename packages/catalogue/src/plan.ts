import {
  type ActionDefinition,
  type BoundBy,
  fail,
  ok,
  type ParameterDefinition,
  type Parameters,
  type Result,
  type ServiceDefinition,
} from "@seb/schema";
import type { Bundle } from "./bundle-contents.js";
import { member } from "./definition.js";
import { resourceOf } from "./resource.js";
import { fitsBound, fitsParameter, isWithin } from "./values.js";

/** A granted scope: what each scope key bounds its parameter to. */
export type Scope = Readonly<Record<string, string | number | boolean | string[]>>;

/** What an agent proposes, as far as the catalogue is concerned. */
export interface Proposal {
  readonly action: string;
  readonly service: string;
  readonly region: string;
  readonly parameters: Parameters;
  readonly bounds: Scope;
}

export interface Grant {
  readonly resource: string;
  readonly scope: Scope;
  readonly audience: string;
  readonly definition: ActionDefinition;
  readonly service: ServiceDefinition;
}

type PlanCode = "action_unknown" | "service_unknown" | "parameters_invalid" | "bounds_invalid";

/**
 * Turns a proposal into the scope that would be granted. Every fixed parameter must be given and becomes its `equals` keys.
 * Every other scope key is given in `bounds`, or follows from the parameter where that was given; it may not exceed the
 * definition, and the bounds of one parameter must leave it at least one value.
 */
export function planGrant(bundle: Bundle, proposal: Proposal): Result<Grant, PlanCode> {
  const definition = bundle.actions.get(proposal.action);
  if (definition === undefined) return fail("action_unknown", "The bundle has no such action.", { pointer: "/action" });
  const service = bundle.services.get(proposal.service);
  if (service === undefined) return fail("service_unknown", "The bundle has no such service.", { pointer: "/service" });
  const region = member(service.regions, proposal.region);
  if (region === undefined) return fail("service_unknown", "The service has no such region.", { pointer: "/region" });

  const given = checkParameters(definition, proposal.parameters);
  if (!given.ok) return given;
  const scope = scopeOf(definition, proposal.parameters, proposal.bounds);
  if (!scope.ok) return scope;
  const resource = resourceOf(proposal.service, proposal.region);
  return ok({ resource, scope: scope.value, audience: region.audience, definition, service });
}

function checkParameters(definition: ActionDefinition, parameters: Parameters): Result<void, "parameters_invalid"> {
  for (const [name, parameter] of Object.entries(definition.parameters)) {
    const value = member(parameters, name);
    const pointer = `/parameters/${name}`;
    if (value === undefined) {
      if (definition.open.includes(name)) continue;
      return fail("parameters_invalid", "A parameter is missing.", { pointer });
    }
    if (!fitsParameter(parameter, value)) {
      return fail("parameters_invalid", "A parameter does not fit its definition.", { pointer });
    }
  }
  const known = Reflect.ownKeys(parameters).every((name) => Object.hasOwn(definition.parameters, name));
  return known
    ? ok(undefined)
    : fail("parameters_invalid", "The action has no such parameter.", { pointer: "/parameters" });
}

function scopeOf(definition: ActionDefinition, parameters: Parameters, bounds: Scope): Result<Scope, "bounds_invalid"> {
  if (!Reflect.ownKeys(bounds).every((key) => Object.hasOwn(definition.scope, key))) {
    return fail("bounds_invalid", "The action has no such scope key.", { pointer: "/bounds" });
  }
  const scope: Record<string, Scope[string]> = {};
  for (const [key, { bounds: name, by }] of Object.entries(definition.scope).sort(byName)) {
    const pointer = `/bounds/${key}`;
    const parameter = member(definition.parameters, name);
    const bound = member(bounds, key) ?? boundOf(by, member(parameters, name));
    if (bound === undefined) return fail("bounds_invalid", "A bound is missing.", { pointer });
    if (parameter === undefined || !fitsBound(parameter, by, bound)) {
      return fail("bounds_invalid", "A bound does not fit the definition of what it bounds.", { pointer });
    }
    if (!definition.open.includes(name) && !isWithin(by, bound, member(parameters, name) ?? "")) {
      return fail("bounds_invalid", "A bound excludes the parameter that is proposed with it.", { pointer });
    }
    scope[key] = Array.isArray(bound) ? [...bound].sort() : bound;
  }
  const empty = definition.open.find((name) => !leavesAValue(definition, name, scope));
  if (empty !== undefined) {
    return fail("bounds_invalid", "The bounds leave a parameter no value.", {
      pointer: "/bounds",
      facts: { parameter: empty },
    });
  }
  return ok(scope);
}

function byName([a]: [string, unknown], [b]: [string, unknown]): number {
  return a < b ? -1 : 1;
}

/** The narrowest bound that a parameter's value stands for. */
function boundOf(by: BoundBy, value: string | number | boolean | undefined): Scope[string] | undefined {
  if ((by === "one_of" || by === "subset") && typeof value === "string") return [value];
  return value;
}

function leavesAValue(definition: ActionDefinition, name: string, scope: Scope): boolean {
  const parameter = member(definition.parameters, name);
  return parameter !== undefined && openRange(definition, name, parameter, scope) !== undefined;
}

/** What an open parameter may be under a scope; undefined when nothing is left. */
export function openRange(
  definition: ActionDefinition,
  name: string,
  parameter: ParameterDefinition,
  scope: Scope,
): { type: "integer"; minimum: number; maximum: number } | { type: "enum"; values: string[] } | undefined {
  const keys = Object.entries(definition.scope).filter(([, { bounds }]) => bounds === name);
  if (parameter.type === "enum") {
    const values = parameter.values.filter((value) =>
      keys.every(([key, { by }]) => isWithin(by, member(scope, key), value)),
    );
    return values.length === 0 ? undefined : { type: "enum", values };
  }
  if (parameter.type !== "integer") return undefined;
  let { minimum, maximum } = parameter;
  for (const [key, { by }] of keys) {
    const bound = member(scope, key);
    if (typeof bound !== "number") return undefined;
    if (by !== "at_most") minimum = Math.max(minimum, bound);
    if (by !== "at_least") maximum = Math.min(maximum, bound);
  }
  return minimum > maximum ? undefined : { type: "integer", minimum, maximum };
}
