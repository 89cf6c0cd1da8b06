import { isJson, type Json, readJson } from "@seb/canonical";
import type { Format } from "@seb/connector-git-language";
import { isObject, tokensOf } from "@seb/connector-language";
import { fail, ok, type Result } from "@seb/schema";
import { parseDocument } from "yaml";
import { isIndex } from "./names.js";
import { MAX_FILE_BYTES } from "./objects.js";

const MAX_DEPTH = 64;
const MAX_ALIASES = 100;

/** A parsed file. */
export interface Parsed {
  /** Root node of the YAML tree, which says where each value stands in the text. */
  readonly root: unknown;
  /** The whole content as plain data. */
  readonly value: unknown;
}

/**
 * Parses one YAML 1.2 document (core schema, keys unique) or one strict JSON text. JSON is parsed as YAML too, which it is, for the
 * positions. Anything that parses with an error, or is more than one document, is `target_refused`.
 */
export function parseFile(text: string, format: Format): Result<Parsed, "target_refused"> {
  if (format === "json" && !readJson(text, { maxBytes: MAX_FILE_BYTES, maxDepth: MAX_DEPTH }).ok) {
    return fail("target_refused", "The file is not strict JSON.");
  }
  try {
    const tree = parseDocument(text, { prettyErrors: false, logLevel: "error", version: "1.2", merge: false });
    if (tree.errors.length > 0) return fail("target_refused", "The file does not parse without errors.");
    return ok({ root: tree.contents, value: tree.toJS({ maxAliasCount: MAX_ALIASES }) });
  } catch {
    // Nested too deeply, or aliases that multiply.
    return fail("target_refused", "The file does not parse within its bounds.");
  }
}

/** The value at an RFC 6901 pointer; undefined when there is none, or none that JSON can hold. */
export function valueAt(root: unknown, pointer: string): Json | undefined {
  let value = root;
  for (const token of tokensOf(pointer)) {
    if (Array.isArray(value)) value = isIndex(token) ? value[Number(token)] : undefined;
    else if (isObject(value)) value = Object.hasOwn(value, token) ? value[token] : undefined;
    else return undefined;
  }
  return isJson(value) ? value : undefined;
}
