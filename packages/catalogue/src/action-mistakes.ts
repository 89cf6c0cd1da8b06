import {
  type ActionDefinition,
  type BoundBy,
  nearest,
  oneOf,
  type ParameterDefinition,
  shown,
  type ValueMistake,
} from "@seb/schema";
import { liveUse, member, operationUse } from "./definition.js";
import { unknownName } from "./names.js";
import { patternProblem, shortestMatch } from "./pattern.js";
import type { TemplateUse } from "./template.js";
import { isPlainText } from "./values.js";

const BOUNDS: Readonly<Record<ParameterDefinition["type"], readonly BoundBy[]>> = {
  string: ["equals", "one_of", "prefix"],
  integer: ["equals", "at_most", "at_least"],
  enum: ["equals", "one_of", "subset"],
  boolean: ["equals"],
};

const OWN = "one of the action's parameters";

/** Mistakes inside one action definition. */
export function* actionMistakes(definition: ActionDefinition): Generator<ValueMistake> {
  for (const [name, parameter] of Object.entries(definition.parameters))
    yield* parameterMistakes(`/parameters/${name}`, parameter);
  yield* openMistakes(definition);
  yield* scopeMistakes(definition);
  yield* boundMistakes(definition);
  yield* templateMistakes(definition, operationUse(definition));
  yield* liveMistakes(liveUse(definition));
  yield* consequenceMistakes(definition);
}

function* parameterMistakes(field: string, parameter: ParameterDefinition): Generator<ValueMistake> {
  if (parameter.type === "string") yield* patternMistakes(field, parameter);
  if (parameter.type === "integer" && !(parameter.minimum <= parameter.maximum)) {
    const expected = `at most the maximum, ${parameter.maximum}`;
    yield { field: `${field}/minimum`, found: String(parameter.minimum), expected };
  }
  if (parameter.type !== "enum") return;
  for (const [index, value] of parameter.values.entries()) {
    const at = `${field}/values/${index}`;
    if (value.length === 0 || !isPlainText(value, 128))
      yield { field: at, found: shown(value), expected: "text in NFC without control characters" };
    else if (parameter.values.indexOf(value) !== index)
      yield { field: at, found: `${shown(value)} again`, expected: "each value once" };
  }
}

function* patternMistakes(
  field: string,
  { pattern, max_length }: Extract<ParameterDefinition, { type: "string" }>,
): Generator<ValueMistake> {
  const problem = patternProblem(pattern);
  if (problem !== undefined) {
    yield {
      field: `${field}/pattern`,
      found: `a pattern that ${saidOf(problem)}`,
      expected: "a safe, anchored pattern",
    };
    return;
  }
  const shortest = shortestMatch(pattern);
  if (shortest > max_length)
    yield {
      field: `${field}/max_length`,
      found: String(max_length),
      expected: `at least ${shortest}: the pattern matches no shorter text`,
    };
}

/** Problems are said as rules (`must start with ^`) or as what is there (`unbalanced parenthesis`). */
function saidOf(problem: string): string {
  return /^(?:must|could)/.test(problem) ? problem : `cannot be used: ${problem}`;
}

function* openMistakes({ open, parameters }: ActionDefinition): Generator<ValueMistake> {
  for (const [index, name] of open.entries()) {
    const field = `/open/${index}`;
    const type = member(parameters, name)?.type;
    if (type === undefined) yield unknownName(field, name, Object.keys(parameters), OWN);
    else if (open.indexOf(name) !== index)
      yield { field, found: `${shown(name)} again`, expected: "each parameter once" };
    else if (type !== "integer" && type !== "enum")
      yield { field, found: `${shown(name)}, a parameter of type ${type}`, expected: "an integer or enum parameter" };
  }
}

function* scopeMistakes({ parameters, scope }: ActionDefinition): Generator<ValueMistake> {
  for (const [key, { bounds, by }] of Object.entries(scope)) {
    const type = member(parameters, bounds)?.type;
    if (type === undefined) yield unknownName(`/scope/${key}/bounds`, bounds, Object.keys(parameters), OWN);
    else if (!BOUNDS[type].includes(by)) {
      const expected = `${quoted(BOUNDS[type])}, for a parameter of type ${type}`;
      yield { field: `/scope/${key}/by`, found: shown(by), expected };
    }
  }
}

const quoted = (names: readonly string[]): string => oneOf(names.map((name) => `\`${name}\``));

/** Every parameter is bound, and one that is not open by a key that says its value. */
function* boundMistakes({ open: named, parameters, scope }: ActionDefinition): Generator<ValueMistake> {
  const open = named.filter((name) => mayBeOpen(parameters, name));
  for (const name of Object.keys(parameters)) {
    const keys = Object.entries(scope).filter(
      ([, { bounds }]) => bounds === name || isMisspelt(bounds, name, parameters),
    );
    // A key with a mistake of its own is reported already.
    if (keys.some(([, { bounds, by }]) => bounds !== name || !BOUNDS[typeOf(parameters, name)].includes(by))) continue;
    const field = `/parameters/${name}`;
    const fixing = keys.find(([, { by }]) => by === "equals");
    if (keys.length === 0)
      yield { field, found: "a parameter that no scope key bounds", expected: `a key in /scope with bounds: ${name}` };
    else if (open.includes(name) && fixing !== undefined) {
      const expected = "another bound: an open parameter is chosen at execution";
      yield { field: `/scope/${fixing[0]}/by`, found: "`equals`", expected };
    } else if (!open.includes(name) && fixing === undefined) {
      const found = "a parameter that is neither open nor fixed by its scope";
      yield { field, found, expected: `${shown(name)} in /open, or a scope key with by: equals` };
    }
  }
}

/** Says whether a name that is no parameter was meant to be this one. */
function isMisspelt(name: string, parameter: string, parameters: ActionDefinition["parameters"]): boolean {
  return member(parameters, name) === undefined && nearest(name, Object.keys(parameters)).includes(parameter);
}

/** A name in `/open` that may not stand there is reported there, and counts as fixed. */
function mayBeOpen(parameters: ActionDefinition["parameters"], name: string): boolean {
  const type = member(parameters, name)?.type;
  return type === "integer" || type === "enum";
}

const typeOf = (parameters: ActionDefinition["parameters"], name: string): ParameterDefinition["type"] =>
  member(parameters, name)?.type ?? "string";

function* templateMistakes(definition: ActionDefinition, use: TemplateUse): Generator<ValueMistake> {
  const { parameters } = definition;
  const open = definition.open.filter((name) => mayBeOpen(parameters, name));
  const names = Object.keys(parameters);
  for (const mistake of use.mistakes) yield { ...mistake, field: `/operation${mistake.field}` };
  for (const [name, at] of use.parameters) {
    const field = `/operation${at}`;
    if (!names.includes(name)) {
      const { near = [], ...mistake } = unknownName(field, name, names, OWN);
      yield { ...mistake, found: `\`{{parameters.${name}}}\``, ...(near.length === 0 ? {} : { near }) };
    } else if (open.includes(name))
      yield { field, found: `\`{{parameters.${name}}}\`, which is open`, expected: `\`{$open: ${name}}\`` };
  }
  for (const [name, at] of use.open) {
    const field = `/operation${at}`;
    if (!names.includes(name)) yield { ...unknownName(field, name, names, OWN), found: `\`{$open: ${name}}\`` };
    else if (!open.includes(name)) {
      const expected = `\`{{parameters.${name}}}\`, or ${shown(name)} in /open`;
      yield { field, found: `\`{$open: ${name}}\`, which is not open`, expected };
    }
  }
  for (const name of names) {
    const used = [...use.parameters.keys(), ...use.open.keys()];
    if (use.mistakes.length > 0 || used.some((one) => one === name || isMisspelt(one, name, parameters))) continue;
    yield {
      field: `/parameters/${name}`,
      found: "a parameter that the operation does not use",
      expected: "its use there",
    };
  }
}

function* liveMistakes(live: TemplateUse): Generator<ValueMistake> {
  for (const mistake of live.mistakes) yield { ...mistake, field: `/live${mistake.field}` };
  for (const [name, at] of live.parameters) {
    const expected = "service values only: what is observed cannot depend on parameters";
    yield { field: `/live${at}`, found: `\`{{parameters.${name}}}\``, expected };
  }
}

/** A consequence that can never raise the tier is a slip of the pen. */
function* consequenceMistakes({ consequences, parameters, tier }: ActionDefinition): Generator<ValueMistake> {
  const integers = Object.keys(parameters).filter((name) => member(parameters, name)?.type === "integer");
  for (const [index, consequence] of consequences.entries()) {
    const field = `/consequences/${index}`;
    const parameter = member(parameters, consequence.parameter);
    if (parameter?.type !== "integer") {
      yield unknownName(
        `${field}/parameter`,
        consequence.parameter,
        integers,
        "one of the action's integer parameters",
      );
      continue;
    }
    if (consequence.above >= parameter.maximum) {
      const expected = `less than the parameter's maximum, ${parameter.maximum}`;
      yield { field: `${field}/above`, found: String(consequence.above), expected };
    }
    if (consequence.tier <= tier)
      yield {
        field: `${field}/tier`,
        found: String(consequence.tier),
        expected: `more than the action's own tier, ${tier}`,
      };
  }
}
