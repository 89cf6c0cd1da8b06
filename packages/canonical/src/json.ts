/** Any value that JSON text can hold. Numbers are finite; strings are well-formed Unicode. */
export type Json = null | boolean | number | string | readonly Json[] | JsonObject;

/** A JSON object: own enumerable string keys only. */
export type JsonObject = { readonly [key: string]: Json };

/**
 * The deepest nesting of arrays and objects that this package reads or writes: `[]` has depth 1, a scalar 0.
 * It keeps the recursive serializer far from the end of the stack.
 */
export const MAX_DEPTH = 256;

const LONE_SURROGATE = /\p{Surrogate}/u;

/** Index (in UTF-16 units) of the first surrogate of `text` without its partner, or -1. */
export function loneSurrogateAt(text: string): number {
  return text.search(LONE_SURROGATE);
}

/** A fresh map of all own keys to JSON values, without prototype: `__proto__` is a key like any other. */
export function emptyMembers(): { [key: string]: Json } {
  return Object.create(null);
}

function isPlainArray(value: readonly unknown[]): boolean {
  // Own keys of a dense array without extras: one for each item, and "length".
  return Reflect.ownKeys(value).length === value.length + 1;
}

function isPlainObject(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  // A root prototype instead of this realm's own `Object.prototype`: objects may come from another realm (node:vm).
  if (prototype !== null && Object.getPrototypeOf(prototype) !== null) return false;
  const keys = Object.keys(value);
  return keys.length === Reflect.ownKeys(value).length && keys.every((key) => loneSurrogateAt(key) < 0);
}

function isScalar(value: unknown): boolean {
  if (value === null || typeof value === "boolean") return true;
  if (typeof value === "number") return Number.isFinite(value);
  return typeof value === "string" && loneSurrogateAt(value) < 0;
}

/**
 * True for plain data that JSON can hold without loss: no undefined, hole, function, symbol, bigint, class instance,
 * `toJSON`, non-finite number or lone surrogate, and no nesting beyond {@link MAX_DEPTH} (which also catches cycles).
 */
export function isJson(value: unknown): value is Json {
  const pending: { readonly value: unknown; readonly depth: number }[] = [{ value, depth: 0 }];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const { value: current, depth } = next;
    if (typeof current !== "object" || current === null) {
      if (!isScalar(current)) return false;
      continue;
    }
    if (depth >= MAX_DEPTH || ("toJSON" in current && typeof current.toJSON === "function")) return false;
    if (!(Array.isArray(current) ? isPlainArray(current) : isPlainObject(current))) return false;
    for (const item of Object.values(current)) pending.push({ value: item, depth: depth + 1 });
  }
  return true;
}
