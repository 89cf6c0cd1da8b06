import type { Json } from "@seb/canonical";
import { pointerTo, shown, type ValueMistake } from "@seb/schema";

/** Where a template variable takes its value from. */
export type VariableKind = "service" | "parameters";
/** The value of a variable; undefined leaves the variable's text as it stands. */
export type Lookup = (kind: VariableKind, name: string) => string | number | boolean | undefined;

/** What a template refers to, and what is wrong with it. */
export interface TemplateUse {
  /** Name of each variable, and an RFC 6901 pointer to where it first stands. */
  readonly service: ReadonlyMap<string, string>;
  readonly parameters: ReadonlyMap<string, string>;
  readonly open: ReadonlyMap<string, string>;
  readonly mistakes: readonly ValueMistake[];
}

const VARIABLE = /\{\{(service|parameters)\.([a-z][a-z0-9_]{0,39})\}\}/g;
const WHOLE = /^\{\{(service|parameters)\.([a-z][a-z0-9_]{0,39})\}\}$/;
const MAX_DEPTH = 16;

/** Name in `{"$open": name}`; undefined for anything else. */
function openName(value: Json): string | undefined {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
  const [entry, second] = Object.entries(value);
  if (entry === undefined || second !== undefined || entry[0] !== "$open") return undefined;
  return typeof entry[1] === "string" ? entry[1] : undefined;
}

/** Lists a template's variables and its mistakes: half a variable, an unknown `$` key, a variable in a key, depth over 16. */
export function useOf(template: Json): TemplateUse {
  const use = {
    service: new Map<string, string>(),
    parameters: new Map<string, string>(),
    open: new Map<string, string>(),
  };
  const mistakes: ValueMistake[] = [];
  const note = (names: Map<string, string>, name: string, field: string) => {
    if (!names.has(name)) names.set(name, field);
  };
  const pending: { value: Json; field: string; depth: number }[] = [{ value: template, field: "", depth: 0 }];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const { value, field, depth } = next;
    if (typeof value === "string") {
      for (const [, kind, name] of value.matchAll(VARIABLE))
        if (name !== undefined) note(kind === "service" ? use.service : use.parameters, name, field);
      const half = value.replace(VARIABLE, " ");
      if (/\{\{|\}\}/.test(half)) mistakes.push(unknownVariable(field, half));
      continue;
    }
    if (typeof value !== "object" || value === null) continue;
    const open = openName(value);
    if (open !== undefined) note(use.open, open, field);
    else if (depth >= MAX_DEPTH)
      mistakes.push({ field, found: "a deeply nested value", expected: `at most ${MAX_DEPTH} levels` });
    else {
      // The last one pushed is looked at first.
      for (const [key, item] of Object.entries(value).reverse())
        pending.push({ value: item, field: pointerTo(field, key), depth: depth + 1 });
      if (!Array.isArray(value)) mistakes.push(...Object.keys(value).flatMap((key) => keyMistakes(field, key)));
    }
  }
  return { ...use, mistakes };
}

function unknownVariable(field: string, half: string): ValueMistake {
  const braces = /\{\{[^{}]{0,60}\}?\}?|\}\}/.exec(half)?.[0] ?? "{{";
  const expected = "`{{service.<value>}}` or `{{parameters.<parameter>}}`, without blanks";
  return { field, found: shown(braces), expected };
}

function keyMistakes(field: string, key: string): ValueMistake[] {
  if (!/^\$|\{\{|\}\}/.test(key)) return [];
  const expected = key.startsWith("$")
    ? "`{$open: <parameter>}` and nothing beside it, or a key without `$`"
    : "a key without a variable";
  return [{ field: pointerTo(field, key), found: `the key ${shown(key)}`, expected }];
}

/**
 * Fills a template's variables in one pass: what a value contains is never looked at again. A string that is one variable takes
 * the value with its type; inside a longer string the value is inserted as text. `{"$open": name}` stays.
 *
 * @param missing receives the name of each variable for which `lookup` has no value, e.g. `service.path`.
 */
export function expand(template: Json, lookup: Lookup, missing: Set<string>): Json {
  if (typeof template === "string") return expandText(template, lookup, missing);
  if (typeof template !== "object" || template === null) return template;
  if (Array.isArray(template)) return template.map((item) => expand(item, lookup, missing));
  if (openName(template) !== undefined) return template;
  return Object.fromEntries(Object.entries(template).map(([key, item]) => [key, expand(item, lookup, missing)]));
}

function expandText(text: string, lookup: Lookup, missing: Set<string>): Json {
  const value = (kind: string | undefined, name: string | undefined) => {
    const found = lookup(kind === "service" ? "service" : "parameters", name ?? "");
    if (found === undefined) missing.add(`${kind}.${name}`);
    return found;
  };
  const whole = WHOLE.exec(text);
  if (whole !== null) return value(whole[1], whole[2]) ?? text;
  return text.replace(VARIABLE, (variable, kind: string, name: string) => String(value(kind, name) ?? variable));
}

/** Replaces every `{"$open": name}` by its value; undefined when one has none. */
export function fillOpen(template: Json, values: ReadonlyMap<string, string | number>): Json | undefined {
  if (typeof template !== "object" || template === null) return template;
  const open = openName(template);
  if (open !== undefined) return values.get(open);
  if (Array.isArray(template)) {
    const items = template.map((item) => fillOpen(item, values));
    return items.every((item) => item !== undefined) ? items : undefined;
  }
  const members: [string, Json][] = [];
  for (const [key, item] of Object.entries(template)) {
    const filled = fillOpen(item, values);
    if (filled === undefined) return undefined;
    members.push([key, filled]);
  }
  return Object.fromEntries(members);
}
