// Writes CEL: the language of admission policies.
import type { Shape } from "./openapi.js";

/** A text literal. */
export const text = (value: string): string => JSON.stringify(value);

/** A list of text literals. */
export const texts = (values: readonly string[]): string => `[${values.map(text).join(", ")}]`;

const IDENTIFIER = /^[A-Za-z_][A-Za-z0-9_]*$/;
const RESERVED =
  /^(?:as|break|const|continue|else|false|for|function|if|import|in|let|loop|package|namespace|null|return|true|var|void|while)$/;

/** Member of an object that may lack it, as an optional. */
export function member(of: string, key: string): string {
  return IDENTIFIER.test(key) && !RESERVED.test(key) ? `${of}.?${key}` : `${of}[?${text(key)}]`;
}

/** A place below an object, as an optional. */
export const below = (of: string, tokens: readonly string[]): string => tokens.reduce(member, of);

/** A field that may change, where `permitted` holds. */
export interface Free {
  readonly tokens: readonly string[];
  /** Condition under which it may; may speak of the list item `c`. */
  readonly permitted: string;
}

/** Conditions that all must hold for nothing to have changed besides the free fields. */
export interface Unchanged {
  readonly what: string;
  readonly expression: string;
}

/**
 * Compares `now` with `was` field by field along the shape: whole where no free field lies within, item by item (by name) in lists of
 * containers, key by key in maps. Undefined when a free field lies where the shape has nothing.
 */
export function unchanged(
  shape: Shape,
  now: string,
  was: string,
  free: readonly Free[],
  what: string,
): readonly Unchanged[] | undefined {
  if (shape.kind === "map") return [{ what, expression: sameMap(now, was, free) }];
  if (shape.kind === "list") return sameList(shape, now, was, free, what);
  if (shape.kind !== "object") return undefined;
  const checks: Unchanged[] = [];
  const whole: string[] = [];
  for (const [key, inner] of shape.properties) {
    const within = free.filter(({ tokens }) => tokens[0] === key);
    const itself = within.find(({ tokens }) => tokens.length === 1);
    const same = `${member(now, key)} == ${member(was, key)}`;
    if (within.length === 0) whole.push(same);
    else if (itself !== undefined) whole.push(`(${itself.permitted} || ${same})`);
    else {
      const rest = within.map(({ tokens, permitted }) => ({ tokens: tokens.slice(1), permitted }));
      const deeper = unchanged(inner(), member(now, key), member(was, key), rest, `${what}.${key}`);
      if (deeper === undefined) return undefined;
      checks.push(...deeper);
    }
  }
  if (free.some(({ tokens }) => !shape.properties.has(tokens[0] ?? ""))) return undefined;
  return whole.length === 0 ? checks : [{ what, expression: whole.join(" && ") }, ...checks];
}

/** Every key of either map has the same value in both, or is free. */
export function sameMap(now: string, was: string, free: readonly Free[]): string {
  const excused = free.map(({ tokens, permitted }) => ` || (k == ${text(tokens[0] ?? "")} && ${permitted})`).join("");
  const same = `${now}[?k] == ${was}[?k]${excused}`;
  return `${now}.orValue({}).all(k, ${same}) && ${was}.orValue({}).all(k, ${same})`;
}

function sameList(
  shape: Extract<Shape, { kind: "list" }>,
  now: string,
  was: string,
  free: readonly Free[],
  what: string,
): readonly Unchanged[] | undefined {
  if (!free.every(({ tokens }) => tokens[0] === "@" && tokens.length > 1)) return undefined;
  const rest = free.map(({ tokens, permitted }) => ({ tokens: tokens.slice(1), permitted }));
  const items = unchanged(shape.items(), "c", "d", rest, what);
  if (items === undefined) return undefined;
  const [here, there] = [`${now}.orValue([])`, `${was}.orValue([])`];
  const each = items.map(({ expression }) => expression).join(" && ");
  return [
    {
      what,
      expression: `${here}.map(c, c.name) == ${there}.map(c, c.name) && ${here}.all(c, ${there}.exists(d, c.name == d.name && ${each}))`,
    },
  ];
}
