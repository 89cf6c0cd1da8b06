import type { Json, JsonObject } from "@seb/canonical";

/** True for a JSON object. */
export function isMap(value: Json | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Members of a JSON object; none for anything else. */
export function members(value: Json | undefined): JsonObject {
  return isMap(value) ? value : {};
}

/** Items of a JSON list; none for anything else. */
export function items(value: Json | undefined): readonly Json[] {
  return Array.isArray(value) ? value : [];
}

/** Value behind own keys; undefined where one is missing. */
export function valueAt(value: Json | undefined, ...path: readonly string[]): Json | undefined {
  let at = value;
  for (const key of path) at = isMap(at) && Object.hasOwn(at, key) ? at[key] : undefined;
  return at;
}

/** Text behind own keys; undefined where there is none. */
export function textAt(value: Json | undefined, ...path: readonly string[]): string | undefined {
  const at = valueAt(value, ...path);
  return typeof at === "string" ? at : undefined;
}
