import { fail, ok, type Result } from "@seb/schema";
import { namesOf } from "./lookup.js";
import type { ActionShape } from "./shape.js";

/** Texts of the flags that follow from an action's definition, by parameter and by scope key. */
export interface ActionFlags {
  readonly parameters: ReadonlyMap<string, string>;
  readonly bounds: ReadonlyMap<string, string>;
}

/** Scope keys that have a flag of their own. */
export function ownBounds(shape: ActionShape): readonly string[] {
  return [...shape.bounds.keys()].filter((key) => !shape.parameters.has(key));
}

/** Every flag of the action, for people. */
function actionFlagNames(shape: ActionShape): readonly string[] {
  return [...shape.parameters.keys(), ...ownBounds(shape)].map((key) => namesOf(key).flag);
}

function usage(detail: string): Result<never, "usage"> {
  return fail("usage", detail);
}

type Texts = Map<string, string>;

function put(kind: Texts, key: string, value: string): Result<void, "usage"> {
  if (kind.has(key)) return usage(`${namesOf(key).flag} is given twice`);
  kind.set(key, value);
  return ok(undefined);
}

/**
 * Reads the arguments that no command knew against an action's definition. `pairs` are those of `--param name=value` and
 * `--bound name=value`, which reach names that the command itself uses for a flag.
 */
export function readActionFlags(
  rest: readonly string[],
  shape: ActionShape,
  pairs: { readonly params: readonly string[]; readonly bounds: readonly string[] },
  commandFlags: readonly string[],
): Result<ActionFlags, "usage"> {
  const parameters: Texts = new Map();
  const bounds: Texts = new Map();
  const wrong =
    firstFailure(pairs.params, (text) => readPair(text, shape, parameters, shape.parameters)) ??
    firstFailure(pairs.bounds, (text) => readPair(text, shape, bounds, shape.bounds));
  if (wrong !== undefined) return wrong;
  for (let at = 0; at < rest.length; at += 1) {
    const match = /^--([a-z][a-z0-9-]{0,39})(?:=([\s\S]*))?$/.exec(rest[at] ?? "");
    const key = match?.[1]?.replaceAll("-", "_") ?? "";
    const parameter = shape.parameters.get(key);
    if (parameter === undefined && !shape.bounds.has(key)) return unknownFlag(match?.[1], shape, commandFlags);
    let value = match?.[2];
    const next = rest[at + 1];
    if (value === undefined && next !== undefined && !next.startsWith("--")) {
      value = next;
      at += 1;
    }
    if (value === undefined && parameter?.type === "boolean") value = "true";
    if (value === undefined) return usage(`${namesOf(key).flag} needs a value`);
    const done = put(parameter === undefined ? bounds : parameters, key, value);
    if (!done.ok) return done;
  }
  return ok({ parameters, bounds });
}

function firstFailure(
  texts: readonly string[],
  read: (text: string) => Result<void, "usage">,
): Result<never, "usage"> | undefined {
  for (const text of texts) {
    const done = read(text);
    if (!done.ok) return done;
  }
  return undefined;
}

function readPair(
  text: string,
  shape: ActionShape,
  into: Texts,
  known: ReadonlyMap<string, unknown>,
): Result<void, "usage"> {
  const at = Math.max(0, text.indexOf("="));
  const key = text.slice(0, at);
  if (!known.has(key)) return usage(`not a name of ${shape.action}; it has: ${[...known.keys()].join(", ")}`);
  return put(into, key, text.slice(at + 1));
}

function unknownFlag(
  name: string | undefined,
  shape: ActionShape,
  commandFlags: readonly string[],
): Result<never, "usage"> {
  const flags = actionFlagNames(shape);
  const known = [...flags, ...commandFlags];
  const what = name === undefined ? "an argument that is no flag" : `unknown flag --${name}`;
  return fail(
    "usage",
    `${what}; ${shape.action} has ${flags.join(", ") || "no flags"}; the command has ${commandFlags.join(", ")}`,
    {
      facts: { known },
    },
  );
}
