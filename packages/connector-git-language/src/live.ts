import { type LivePlace, type Looked, mistakeAt, pointerOf, type Read, readOr } from "@seb/connector-language";
import type { Mistake } from "@seb/schema";
import { isPath } from "./names.js";
import { A_PATH, type Format, type GitOperation, wrongPointer } from "./operation.js";

/** A live field, resolved: which file, in which format, where. */
export interface GitField {
  readonly name: string;
  readonly path: string;
  readonly format: Format;
  readonly pointer: string;
  readonly show: boolean;
  readonly previous: boolean;
}

/**
 * Reads the live fields: `<pointer>` stands in the operation's first file, `<path>#<pointer>` in another one.
 * The format is that of the operation's edit of the file, or follows from the path.
 */
export function readLive(live: Looked["live"], operation: GitOperation): Read<readonly GitField[]> {
  const mistakes: Mistake[] = [];
  const fields = Object.entries(live).map(([name, place]) => readField(name, place, operation, mistakes));
  return readOr(mistakes, () => fields);
}

function readField(name: string, { at, show, previous }: LivePlace, operation: GitOperation, mistakes: Mistake[]) {
  const hash = at.startsWith("/") ? -1 : at.indexOf("#");
  const path = hash < 0 ? operation.edits[0].path : at.slice(0, hash);
  const pointer = at.slice(hash + 1);
  const field = `/live${pointerOf([name])}/at`;
  const wrong = wrongPointer(pointer);
  if (hash >= 0 && !isPath(path)) mistakes.push(mistakeAt(field, at, `${A_PATH}, before #`));
  if (wrong !== undefined)
    mistakes.push(mistakeAt(field, at, hash < 0 ? `${wrong}, or <path>#<pointer>` : `${wrong}, behind #`));
  const format: Format = operation.edits.find((edit) => edit.path === path)?.format ?? formatOf(path);
  return { name, path, format, pointer, show, previous: previous === true };
}

const formatOf = (path: string): Format => (path.endsWith(".json") ? "json" : "yaml");
