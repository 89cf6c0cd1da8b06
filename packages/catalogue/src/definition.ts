import { isJson } from "@seb/canonical";
import type { ActionDefinition, BoundBy, ParameterDefinition } from "@seb/schema";
import { patternProblem } from "./pattern.js";
import { type TemplateUse, useOf } from "./template.js";
import { isPlainText } from "./values.js";

/** One mistake in a control file: where (RFC 6901 pointer) and why. */
export interface Mistake {
  readonly field: string;
  readonly why: string;
}

const BOUNDS: Readonly<Record<ParameterDefinition["type"], readonly BoundBy[]>> = {
  string: ["equals", "one_of", "prefix"],
  integer: ["equals", "at_most", "at_least"],
  enum: ["equals", "one_of", "subset"],
  boolean: ["equals"],
};

/** What an action's operation template refers to. */
export function operationUse(definition: ActionDefinition): TemplateUse {
  // `operation` came through a JSON reader; this only tells the compiler.
  const operation: unknown = definition.operation;
  if (!isJson(operation)) throw new TypeError("operationUse: not plain JSON data");
  return useOf(operation);
}

/** Service variables in the pointers of the live fields. */
export function liveUse(definition: ActionDefinition): TemplateUse {
  return useOf(Object.fromEntries(Object.entries(definition.live).map(([name, { at }]) => [name, { at }])));
}

/** Mistakes inside one action definition, in the order in which they are worth mending. */
export function* actionMistakes(definition: ActionDefinition): Generator<Mistake> {
  for (const [name, parameter] of Object.entries(definition.parameters)) {
    const why = parameterProblem(parameter);
    if (why !== undefined) yield { field: `/parameters/${name}`, why };
  }
  yield* openMistakes(definition);
  yield* scopeMistakes(definition);
  yield* templateMistakes(definition);
  for (const [index, { parameter }] of definition.consequences.entries()) {
    if (member(definition.parameters, parameter)?.type === "integer") continue;
    yield { field: `/consequences/${index}/parameter`, why: "must name an integer parameter" };
  }
}

/** Own member of a map made from foreign text: never something inherited. */
export function member<T>(map: Readonly<Record<string, T>>, key: string): T | undefined {
  return Object.hasOwn(map, key) ? map[key] : undefined;
}

function parameterProblem(parameter: ParameterDefinition): string | undefined {
  if (parameter.type === "string") return patternProblem(parameter.pattern);
  if (parameter.type === "integer") {
    const safe = Number.isSafeInteger(parameter.minimum) && Number.isSafeInteger(parameter.maximum);
    return safe && parameter.minimum <= parameter.maximum ? undefined : "minimum must not exceed maximum";
  }
  if (parameter.type === "boolean") return undefined;
  if (new Set(parameter.values).size !== parameter.values.length) return "values must be unique";
  const plain = parameter.values.every((value) => value.length > 0 && isPlainText(value, 128));
  return plain ? undefined : "values must be text in NFC without control characters";
}

function* openMistakes({ open, parameters }: ActionDefinition): Generator<Mistake> {
  for (const [index, name] of open.entries()) {
    const type = member(parameters, name)?.type;
    if (type === undefined) yield { field: `/open/${index}`, why: "names no parameter" };
    else if (type !== "integer" && type !== "enum")
      yield { field: `/open/${index}`, why: "only integers and enums may be open" };
    if (open.indexOf(name) !== index) yield { field: `/open/${index}`, why: "is named twice" };
  }
}

function* scopeMistakes({ open, parameters, scope }: ActionDefinition): Generator<Mistake> {
  for (const [key, { bounds, by }] of Object.entries(scope)) {
    const type = member(parameters, bounds)?.type;
    if (type === undefined) yield { field: `/scope/${key}/bounds`, why: "names no parameter" };
    else if (!BOUNDS[type].includes(by))
      yield { field: `/scope/${key}/by`, why: `cannot bound a parameter of type ${type}` };
  }
  for (const name of Object.keys(parameters)) {
    const kinds = Object.values(scope)
      .filter(({ bounds }) => bounds === name)
      .map(({ by }) => by);
    const field = `/parameters/${name}`;
    if (kinds.length === 0) yield { field, why: "no scope key bounds it" };
    else if (open.includes(name) && kinds.includes("equals"))
      yield { field, why: "an open parameter is not bound by equals" };
    // Only `equals` tells the contract the value of a parameter that is not open.
    else if (!open.includes(name) && !kinds.includes("equals"))
      yield { field, why: "is not open and needs a scope key by equals" };
  }
}

function* templateMistakes(definition: ActionDefinition): Generator<Mistake> {
  const use = operationUse(definition);
  if (use.problem !== undefined) yield { field: `/operation${use.problem.field}`, why: use.problem.why };
  for (const name of use.parameters) {
    if (member(definition.parameters, name) === undefined)
      yield { field: "/operation", why: `{{parameters.${name}}} is not a parameter` };
    else if (definition.open.includes(name))
      yield { field: "/operation", why: `open parameter ${name} must be written {"$open": ...}` };
  }
  for (const name of use.open) {
    if (definition.open.includes(name)) continue;
    yield { field: "/operation", why: "$open names a parameter that is not open" };
  }
  for (const name of Object.keys(definition.parameters)) {
    if (use.parameters.has(name) || use.open.has(name)) continue;
    yield { field: `/parameters/${name}`, why: "is not used in the operation" };
  }
  const live = liveUse(definition);
  if (live.problem !== undefined) yield { field: `/live${live.problem.field}`, why: live.problem.why };
  if (live.parameters.size > 0) yield { field: "/live", why: "live fields cannot depend on parameters" };
}
