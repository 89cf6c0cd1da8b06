import { isObject, tokensOf } from "@seb/connector-language";
import { type ActionDefinition, type Mistake, shown } from "@seb/schema";
import { liveUse, operationUse } from "./definition.js";
import type { Draft } from "./draft.js";
import { languageOf, unknownConnector } from "./languages.js";
import { type ObservePlan, observePlan } from "./observe-plan.js";
import { fieldOf, isBuiltIn } from "./service-values.js";

/** A region of a service in which an action compiles. */
interface Place {
  readonly service: string;
  readonly region: string;
  readonly plan: ObservePlan;
}

/** One mistake of an action, and where a service's values make it. */
interface Found {
  readonly mistake: Mistake;
  /** Service variable whose value is wrong there; undefined where the definition is wrong by itself. */
  readonly variable: string | undefined;
  readonly places: Place[];
}

/**
 * Every mistake that a connector's language finds: each action is judged with the values of each region in which it compiles. A mistake that
 * a service's value makes stands in the service's file and names the action's field; one that every service makes, or none, in the action's.
 */
export function* languageMistakes(bundle: Draft): Generator<Mistake> {
  for (const [action, definition] of bundle.actions) {
    const file = `actions/${action}.yaml`;
    if (languageOf(definition.connector) === undefined) {
      yield { ...unknownConnector("/connector", definition.connector), file };
      continue;
    }
    // What is wrong with the template itself is said once.
    const live = liveUse(definition);
    if (operationUse(definition).mistakes.length + live.mistakes.length + live.parameters.size > 0) continue;
    const places = [...placesOf(bundle, action)];
    // An action may fit a service that could not be read.
    if (places.length === 0 && bundle.services.size === bundle.names.services.size)
      yield* appliesNowhere(bundle, definition, file);
    for (const found of mistakesIn(definition, places)) yield* told(found, file, places.length);
  }
}

function* placesOf(bundle: Draft, action: string): Generator<Place> {
  for (const [service, { regions }] of bundle.services)
    for (const region of Object.keys(regions)) {
      const plan = observePlan(bundle, action, service, region);
      if (plan.ok) yield { service, region, plan: plan.value };
    }
}

function mistakesIn(definition: ActionDefinition, places: readonly Place[]): Iterable<Found> {
  const all = new Map<string, Found>();
  for (const place of places) {
    const mistakes = languageOf(definition.connector)?.planMistakes({ ...definition, ...place.plan }) ?? [];
    for (const mistake of mistakes) {
      const { field = "", found, expected } = mistake;
      // Where not the value but its name is wrong, no service is to blame.
      const isValue = found === shown(valueAt(place.plan, field), tokensOf(field).at(-1));
      const variable = isValue ? variableAt(definition, field) : undefined;
      const key = JSON.stringify([field, expected, variable === undefined ? found : ""]);
      const known = all.get(key);
      if (known === undefined) all.set(key, { mistake, variable, places: [place] });
      else known.places.push(place);
    }
  }
  return all.values();
}

/** The first service variable of the text at a field of the definition. */
function variableAt(definition: ActionDefinition, field: string): string | undefined {
  const template = valueAt(definition, field);
  return typeof template === "string" ? /\{\{service\.([a-z][a-z0-9_]*)\}\}/.exec(template)?.[1] : undefined;
}

function valueAt(root: unknown, field: string): unknown {
  let value = root;
  for (const token of tokensOf(field)) {
    if (Array.isArray(value)) value = value[Number(token)];
    else value = isObject(value) && Object.hasOwn(value, token) ? value[token] : undefined;
  }
  return value;
}

function* told({ mistake, variable, places }: Found, file: string, everywhere: number): Generator<Mistake> {
  const [first] = places;
  if (variable === undefined || first === undefined) {
    yield { ...mistake, file };
    return;
  }
  if (places.length === everywhere && everywhere > 1) {
    const others = everywhere - 1;
    const found = `${mistake.found} with services/${first.service}.yaml, /regions/${first.region}, and the like with ${others} more`;
    yield { ...mistake, file, found };
    return;
  }
  for (const { service, region } of places)
    yield {
      ...mistake,
      file: `services/${service}.yaml`,
      field: fieldOf(variable, region),
      expected: `${mistake.expected}: ${file}, ${mistake.field} takes {{service.${variable}}} in region ${region}`,
    };
}

/** An action whose variables are known, but to no region all together: what it would change cannot be told, nor checked. */
function* appliesNowhere({ services }: Draft, definition: ActionDefinition, file: string): Generator<Mistake> {
  const names = [...new Set([...operationUse(definition).service.keys(), ...liveUse(definition).service.keys()])];
  const regions = [...services.values()].flatMap((service) => Object.values(service.regions));
  const isKnown = (name: string) => isBuiltIn(name) || regions.some(({ values }) => Object.hasOwn(values, name));
  if (regions.length === 0 || !names.every(isKnown)) return;
  const all = names.map((name) => `{{service.${name}}}`).join(", ");
  yield {
    file,
    field: "/operation",
    found: "no region of a service that the action fits",
    expected: `one with ${all}`,
  };
}
