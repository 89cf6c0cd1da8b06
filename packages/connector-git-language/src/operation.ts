import {
  isObject,
  mistakeAt,
  type ParameterDefinitions,
  pointerOf,
  type Read,
  type ReadKind,
  readOr,
  readValue,
  type ScalarValue,
  throughOthers,
  tokensOf,
  unknownMembers,
  usesParameter,
} from "@seb/connector-language";
import { failMistakes, type Mistake, ok, type Result } from "@seb/schema";
import { isBranch, isPath, isPointer } from "./names.js";

/** Changes of one file. */
export interface Edit {
  readonly path: string;
  readonly format: Format;
  /** Value by RFC 6901 pointer: it keeps the type of the one it replaces. A parameter that is still open has no value yet. */
  readonly set: ReadonlyMap<string, ScalarValue | undefined>;
}
export type Format = "yaml" | "json";

/** A git operation: `{branch?, edits: [{path, format, set: {pointer: value}}]}`. */
export interface GitOperation {
  readonly branch: string | undefined;
  readonly edits: readonly [Edit, ...Edit[]];
}

/** How an operation is read. */
interface Reading {
  readonly kind: ReadKind;
  readonly parameters: ParameterDefinitions;
}

const MAX_EDITS = 8;
const MAX_POINTERS = 32;
const FORMATS = ["yaml", "json"];
const AT = "/operation";
const LISTS_OF_CONTAINERS = ["containers", "initContainers", "ephemeralContainers"];

export const A_PATH = "a relative path of letters, digits and _@+=,./-, without .git and empty, dot or dash-led parts";
export const A_POINTER = "an RFC 6901 pointer below the root, of at most 300 characters";

/**
 * Reads an operation template or, with `filled`, an instantiated operation, in which no parameter may be open any more.
 * At most 8 files, each named once, and 32 pointers per file.
 *
 * @returns `catalogue_invalid` with every mistake; each `field` leads into the action's definition.
 */
export function readOperation(
  value: Readonly<Record<string, unknown>>,
  kind: ReadKind,
): Result<GitOperation, "catalogue_invalid"> {
  const read = readGit(value, { kind, parameters: {} });
  return read.ok ? ok(read.value) : failMistakes("catalogue_invalid", read.mistakes);
}

/** Reads an operation, or lists all of its mistakes. */
export function readGit(value: Readonly<Record<string, unknown>>, reading: Reading): Read<GitOperation> {
  const mistakes = [...unknownMembers(value, ["branch", "edits"], AT)];
  if (value.branch !== undefined && !isBranch(value.branch))
    mistakes.push(
      mistakeAt(`${AT}/branch`, value.branch, fixed(value.branch, "a branch name of letters, digits and ._/-")),
    );
  const items: readonly unknown[] = Array.isArray(value.edits) ? value.edits : [];
  if (items.length === 0 || items.length > MAX_EDITS)
    mistakes.push(mistakeAt(`${AT}/edits`, value.edits, `a list of 1 to ${MAX_EDITS} edits`));
  const edits = items
    .slice(0, MAX_EDITS)
    .map((item, index) => readEdit(item, `${AT}/edits/${index}`, reading, mistakes));
  for (const [index, { path }] of edits.entries()) {
    const first = path === "" ? index : edits.findIndex((edit) => edit.path === path);
    if (first < index)
      mistakes.push(mistakeAt(`${AT}/edits/${index}/path`, path, `a file that ${AT}/edits/${first} does not name`));
  }
  const [first, ...more] = edits;
  return readOr(mistakes, () => ({
    branch: isBranch(value.branch) ? value.branch : undefined,
    edits: [first ?? { path: "", format: "yaml", set: new Map() }, ...more],
  }));
}

function readEdit(item: unknown, at: string, reading: Reading, mistakes: Mistake[]): Edit {
  const nothing: Edit = { path: "", format: "yaml", set: new Map() };
  if (!isObject(item)) {
    mistakes.push(mistakeAt(at, item, "an object of path, format and set"));
    return nothing;
  }
  mistakes.push(...unknownMembers(item, ["path", "format", "set"], at));
  const { path, format } = item;
  if (!isPath(path)) mistakes.push(mistakeAt(`${at}/path`, path, fixed(path, A_PATH)));
  if (format !== "yaml" && format !== "json") mistakes.push(mistakeAt(`${at}/format`, format, "yaml or json", FORMATS));
  return {
    path: isPath(path) ? path : "",
    format: format === "json" ? "json" : "yaml",
    set: readSet(item.set, `${at}/set`, reading, mistakes),
  };
}

function readSet(value: unknown, at: string, reading: Reading, mistakes: Mistake[]): Edit["set"] {
  const set = new Map<string, ScalarValue | undefined>();
  const entries = isObject(value) ? Object.entries(value) : [];
  if (entries.length === 0 || entries.length > MAX_POINTERS)
    mistakes.push(mistakeAt(at, value, `an object of 1 to ${MAX_POINTERS} pointers`));
  for (const [pointer, wanted] of entries.slice(0, MAX_POINTERS)) {
    const field = `${at}${pointerOf([pointer])}`;
    const wrong = wrongPointer(pointer);
    if (wrong !== undefined) mistakes.push(mistakeAt(field, pointer, wrong));
    const read = readValue(wanted, reading.kind, reading.parameters);
    if (typeof read === "string") mistakes.push(mistakeAt(field, wanted, read));
    else if (wrong === undefined) set.set(pointer, read.value);
  }
  for (const [pointer, other] of throughOthers([...set.keys()])) {
    const field = `${at}${pointerOf([pointer])}`;
    mistakes.push(mistakeAt(field, pointer, `a pointer that does not lead through ${other}`));
  }
  return set;
}

/** What is expected instead of a pointer into a file; undefined when the pointer is right. */
export function wrongPointer(pointer: string): string | undefined {
  if (!isPointer(pointer)) return A_POINTER;
  const tokens = tokensOf(pointer);
  const named = tokens.some((token, index) => token === "@" && LISTS_OF_CONTAINERS.includes(tokens[index - 1] ?? ""));
  return named ? "the container's position in the list: files have no @" : undefined;
}

/** Which objects are concerned must be known before a parameter is chosen. */
function fixed(value: unknown, expected: string): string {
  return usesParameter(value) ? `${expected}, which takes nothing from a parameter` : expected;
}
