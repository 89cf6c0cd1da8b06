import type { Json } from "@seb/canonical";

/** Where a template variable takes its value from. */
export type VariableKind = "service" | "parameters";
/** The value of a variable; undefined leaves the variable's text as it stands. */
export type Lookup = (kind: VariableKind, name: string) => string | number | boolean | undefined;

/** What a template refers to, and what is wrong with it. */
export interface TemplateUse {
  readonly service: ReadonlySet<string>;
  readonly parameters: ReadonlySet<string>;
  readonly open: ReadonlySet<string>;
  readonly problem: { readonly field: string; readonly why: string } | undefined;
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

/** Lists a template's variables and finds its first mistake: half a variable, an unknown `$` key, a variable in a key, depth over 16. */
export function useOf(template: Json): TemplateUse {
  const use = { service: new Set<string>(), parameters: new Set<string>(), open: new Set<string>() };
  let problem: TemplateUse["problem"];
  const pending: { value: Json; field: string; depth: number }[] = [{ value: template, field: "", depth: 0 }];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const { value, field, depth } = next;
    if (typeof value === "string") {
      for (const [, kind, name] of value.matchAll(VARIABLE)) {
        if (name !== undefined) (kind === "service" ? use.service : use.parameters).add(name);
      }
      if (/\{\{|\}\}/.test(value.replace(VARIABLE, " "))) problem ??= { field, why: "not a known template variable" };
      continue;
    }
    if (typeof value !== "object" || value === null) continue;
    if (depth >= MAX_DEPTH) problem ??= { field, why: "nested too deeply" };
    if (problem !== undefined) break;
    const open = openName(value);
    if (open !== undefined) {
      use.open.add(open);
      continue;
    }
    for (const [key, item] of Object.entries(value)) {
      const at = `${field}/${key.replaceAll("~", "~0").replaceAll("/", "~1")}`;
      if (!Array.isArray(value) && /^\$|\{\{|\}\}/.test(key)) problem ??= { field: at, why: "this key is not allowed" };
      pending.push({ value: item, field: at, depth: depth + 1 });
    }
  }
  return { ...use, problem };
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
