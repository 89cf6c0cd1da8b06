import { type Mistake, nearest, shown } from "@seb/schema";
import { tokensOf } from "./pointer.js";

/** A plain object with own keys: no array, no null. */
export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A mistake at a field. `known` are the names that may stand there: those near to a wrong one are offered. */
export function mistakeAt(field: string, value: unknown, expected: string, known: Iterable<string> = []): Mistake {
  const near = typeof value === "string" ? nearest(value, known) : [];
  return {
    file: "",
    field,
    found: shown(value, tokensOf(field).at(-1) ?? ""),
    expected,
    ...(near.length === 0 ? {} : { near }),
  };
}

/** As long as a member's name may be to be repeated: shorter than any key or token that was put in its place. */
const SAFE_NAME = /^[A-Za-z0-9_.-]{1,40}$/;

/** A mistake for each member of an object that is not one of `known`. */
export function unknownMembers(
  object: Readonly<Record<string, unknown>>,
  known: readonly string[],
  field: string,
): readonly Mistake[] {
  return Object.keys(object)
    .filter((key) => !known.includes(key))
    .map((key) => {
      const name = SAFE_NAME.test(key) ? key : "?";
      const expected = `one of ${known.join(", ")}`;
      return name === "?"
        ? { file: "", field: `${field}/?`, found: "another member", expected }
        : mistakeAt(`${field}/${name}`, name, expected, known);
    });
}

/**
 * What stands at a setting of a target, for `found`: never the value itself, which may be a credential.
 */
export function kindOf(value: unknown): string {
  if (typeof value === "string") return `text of ${[...value].length} characters`;
  return typeof value === "number" || typeof value === "boolean" ? `a ${typeof value}` : shown(value);
}
