import { fail, ok, type Result } from "@seb/schema";
import { hasOnly, isBranch, isObject, isPath, isPointer } from "./names.js";

/** What may be written at a pointer: the value keeps the type of the one it replaces. */
export type ScalarValue = string | number | boolean;

/** Changes of one file. */
export interface Edit {
  readonly path: string;
  readonly format: Format;
  /** Value by RFC 6901 pointer. A parameter that is still open has no value yet. */
  readonly set: ReadonlyMap<string, ScalarValue | undefined>;
}
export type Format = "yaml" | "json";

/** A git operation: `{branch?, edits: [{path, format, set: {pointer: value}}]}`. */
export interface GitOperation {
  readonly branch: string | undefined;
  readonly edits: readonly [Edit, ...Edit[]];
}

/** The first of what is wrong: where in the operation, and what. */
interface Wrong {
  readonly pointer: string;
  readonly detail: string;
}

const MAX_EDITS = 8;
const MAX_POINTERS = 32;
const PARAMETER = /^[a-z][a-z0-9_]{0,39}$/;
const TEXT = /^[^\p{Cc}\p{Surrogate}]{0,1000}$/u;

/**
 * Reads an operation template or, with `filled`, an instantiated operation, in which no parameter may be open any more.
 * At most 8 files, each named once, and 32 pointers per file. The failure's pointer leads into the operation.
 */
export function readOperation(
  value: Readonly<Record<string, unknown>>,
  kind: "template" | "filled",
): Result<GitOperation, "catalogue_invalid"> {
  const edits: Edit[] = [];
  const wrong = wrongIn(value, kind, edits);
  if (wrong !== undefined) return fail("catalogue_invalid", wrong.detail, { pointer: `/operation${wrong.pointer}` });
  const [first, ...rest] = edits;
  if (first === undefined) return fail("catalogue_invalid", "There is no edit.", { pointer: "/operation/edits" });
  return ok({ branch: isBranch(value.branch) ? value.branch : undefined, edits: [first, ...rest] });
}

function wrongIn(value: Readonly<Record<string, unknown>>, kind: string, edits: Edit[]): Wrong | undefined {
  if (!hasOnly(value, ["branch", "edits"])) return { pointer: "", detail: "Only branch and edits are known." };
  if (value.branch !== undefined && !isBranch(value.branch)) {
    return { pointer: "/branch", detail: "Not a branch name of the permitted alphabet." };
  }
  if (!Array.isArray(value.edits) || value.edits.length > MAX_EDITS) {
    return { pointer: "/edits", detail: `Not a list of 1 to ${MAX_EDITS} edits.` };
  }
  const items: readonly unknown[] = value.edits;
  for (const [index, item] of items.entries()) {
    const wrong = wrongEdit(item, kind, edits);
    if (wrong !== undefined) return { ...wrong, pointer: `/edits/${index}${wrong.pointer}` };
  }
  return undefined;
}

function wrongEdit(item: unknown, kind: string, edits: Edit[]): Wrong | undefined {
  if (!isObject(item) || !hasOnly(item, ["path", "format", "set"])) {
    return { pointer: "", detail: "Not an object of path, format and set." };
  }
  const { path, format, set } = item;
  if (!isPath(path)) return { pointer: "/path", detail: "Not a relative path of the permitted alphabet." };
  if (edits.some((edit) => edit.path === path)) return { pointer: "/path", detail: "The file is named twice." };
  if (format !== "yaml" && format !== "json") return { pointer: "/format", detail: "Neither yaml nor json." };
  const count = isObject(set) ? Object.keys(set).length : 0;
  if (!isObject(set) || count === 0 || count > MAX_POINTERS) {
    return { pointer: "/set", detail: `Not an object of 1 to ${MAX_POINTERS} pointers.` };
  }
  const values = new Map<string, ScalarValue | undefined>();
  for (const [pointer, wanted] of Object.entries(set)) {
    if (!isPointer(pointer)) return { pointer: "/set", detail: "A key is not an RFC 6901 pointer." };
    const open = isOpen(wanted);
    if (!(open && kind === "template") && !isScalarValue(wanted)) {
      return {
        pointer: "/set",
        detail: open ? "A parameter is still open." : "A value is no text, integer or boolean.",
      };
    }
    values.set(pointer, isScalarValue(wanted) ? wanted : undefined);
  }
  if (overlapping([...values.keys()])) return { pointer: "/set", detail: "One pointer leads through another." };
  edits.push({ path, format, set: values });
  return undefined;
}

function isScalarValue(value: unknown): value is ScalarValue {
  if (typeof value === "string") return TEXT.test(value);
  return typeof value === "boolean" || (typeof value === "number" && Number.isSafeInteger(value));
}

/** `{"$open": "<parameter>"}`. */
function isOpen(value: unknown): boolean {
  return isObject(value) && hasOnly(value, ["$open"]) && typeof value.$open === "string" && PARAMETER.test(value.$open);
}

function overlapping(pointers: readonly string[]): boolean {
  return pointers.some((one) => pointers.some((other) => other.startsWith(`${one}/`)));
}
