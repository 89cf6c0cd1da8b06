import { mistakeAt, pointerOf, type Read, readOr } from "@seb/connector-language";
import type { Contract, Mistake } from "@seb/schema";
import type { GitField } from "./live.js";
import { isOid, isPath } from "./names.js";
import type { GitOperation } from "./operation.js";

/** Key of the precondition that holds a file's blob id. */
const BLOB_PREFIX = "blob:";
const AT = "/precondition";

/** The precondition of the files' blob ids, by path. */
export function preconditionOf(blobs: ReadonlyMap<string, string>): Contract["precondition"] {
  return Object.fromEntries([...blobs].map(([path, oid]) => [`${BLOB_PREFIX}${path}`, oid]));
}

/** Files that a precondition holds: those that are changed, and those that are looked at. Each once. */
export function certifiedPaths(operation: GitOperation, fields: readonly GitField[]): readonly string[] {
  return [...new Set([...operation.edits, ...fields].map(({ path }) => path))];
}

/**
 * Reads a precondition as blob ids by path. Each file that the operation changes must be among them; `only`, where it is given, are all
 * that may be.
 */
export function readPrecondition(
  operation: GitOperation,
  precondition: Contract["precondition"],
  only?: readonly string[],
): Read<ReadonlyMap<string, string>> {
  const blobs = new Map<string, string>();
  const mistakes: Mistake[] = [];
  for (const [key, oid] of Object.entries(precondition)) {
    const path = key.slice(BLOB_PREFIX.length);
    const field = `${AT}${pointerOf([key])}`;
    const isCertified = only === undefined ? isPath(path) : only.includes(path);
    if (!key.startsWith(BLOB_PREFIX) || !isCertified)
      mistakes.push(mistakeAt(field, key, `${BLOB_PREFIX} and the path of a certified file`));
    else if (!isOid(oid)) mistakes.push(mistakeAt(field, oid, "the id of a blob"));
    else blobs.set(path, oid);
  }
  for (const path of only ?? operation.edits.map((edit) => edit.path))
    if (!Object.hasOwn(precondition, `${BLOB_PREFIX}${path}`))
      mistakes.push(mistakeAt(AT, undefined, `${BLOB_PREFIX}${path}`));
  return readOr(mistakes, () => blobs);
}
