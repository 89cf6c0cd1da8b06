import type { Json } from "@seb/canonical";
import {
  type ActionDefinition,
  Contract,
  fail,
  type OpenParameter,
  ok,
  Precondition,
  type Result,
  type ServiceDefinition,
  validate,
} from "@seb/schema";
import { scopeProblem } from "./admits.js";
import type { Bundle } from "./bundle-contents.js";
import { member } from "./definition.js";
import { openRange, type Scope } from "./plan.js";
import { parseResource } from "./resource.js";
import { serviceValue, templateOf } from "./service-values.js";
import { expand, type Lookup } from "./template.js";

type CompileCode = "action_unknown" | "service_unknown" | "catalogue_invalid" | "contract_mismatch";

/**
 * Compiles an action on a resource under a scope into its contract: the operation with every service variable and fixed parameter
 * filled, and the ranges of the open ones. Signer and broker both run it and compare the results byte by byte (RFC 8785), so it
 * depends on nothing but its arguments, and not on the order of their keys.
 *
 * @returns `contract_mismatch` when the scope or the precondition does not fit the definition; `catalogue_invalid` when the
 *   service lacks a value that the action's template uses.
 */
export function compile(
  bundle: Bundle,
  action: string,
  resource: string,
  scope: Scope,
  precondition: Precondition,
): Result<Contract, CompileCode> {
  const definition = bundle.actions.get(action);
  if (definition === undefined) return fail("action_unknown", "The bundle has no such action.");
  const place = parseResource(resource);
  const service = place && bundle.services.get(place.service);
  const region = place && service && member(service.regions, place.region);
  if (region === undefined || service === undefined || place === undefined) {
    return fail("service_unknown", "The bundle has no such service or region.");
  }
  const key = scopeProblem(definition, scope);
  if (key !== undefined)
    return fail("contract_mismatch", "The scope does not fit the action.", { facts: { scope_key: key } });
  const expected = validate(Precondition, precondition, "contract_mismatch");
  if (!expected.ok) return expected;

  const operation = fill(definition, service, place.region, scope);
  if (!operation.ok) return operation;
  const open = openParameters(definition, scope);
  if (!open.ok) return open;
  return validate(
    Contract,
    {
      ver: 1,
      action,
      resource,
      audience: region.audience,
      connector: definition.connector,
      target: region.target,
      operation: operation.value,
      open: open.value,
      precondition: { ...precondition },
      reconcile: definition.reconcile,
      identity: definition.identity,
      timeout_seconds: definition.timeout_seconds,
    },
    "catalogue_invalid",
  );
}

function fill(
  definition: ActionDefinition,
  service: ServiceDefinition,
  region: string,
  scope: Scope,
): Result<Json, "catalogue_invalid"> {
  const fixed = new Map<string, string | number | boolean>();
  for (const [key, { bounds, by }] of Object.entries(definition.scope)) {
    const value = member(scope, key);
    if (by === "equals" && value !== undefined && !Array.isArray(value)) fixed.set(bounds, value);
  }
  const lookup: Lookup = (kind, name) => (kind === "service" ? serviceValue(service, region, name) : fixed.get(name));
  const missing = new Set<string>();
  const filled = expand(templateOf(definition), lookup, missing);
  const [first] = missing;
  if (first === undefined) return ok(filled);
  return fail("catalogue_invalid", `services/${service.name}.yaml: /regions/${region}: no value for ${first}`, {
    facts: { file: `services/${service.name}.yaml`, field: `/regions/${region}/values` },
  });
}

function openParameters(
  definition: ActionDefinition,
  scope: Scope,
): Result<Record<string, OpenParameter>, "contract_mismatch"> {
  const open: Record<string, OpenParameter> = {};
  for (const name of [...definition.open].sort()) {
    const parameter = member(definition.parameters, name);
    const range = parameter && openRange(definition, name, parameter, scope);
    if (range === undefined)
      return fail("contract_mismatch", "The scope leaves a parameter no value.", { facts: { parameter: name } });
    open[name] = range;
  }
  return ok(open);
}
