import { isJson, type Json } from "@seb/canonical";
import { type FileCode, readBoundedFile } from "@seb/local";
import { fail, failMistakes, ok, type Result, schemaMistakes, validate } from "@seb/schema";
import type { Static, TSchema } from "typebox";
import { parseDocument } from "yaml";

/** Reads one YAML document (core schema) of at most 1 MB as plain JSON: no anchors, aliases, tags or repeated keys. */
export function readYamlFile(path: string): Result<Json, FileCode> {
  const text = readBoundedFile(path);
  if (!text.ok) return text;
  const document = parseDocument(text.value, { schema: "core", strict: true, uniqueKeys: true, merge: false });
  const problem = document.errors[0] ?? document.warnings[0];
  if (problem !== undefined) {
    const line = problem.linePos?.[0].line;
    return fail("setting_invalid", `${path} is not plain YAML${line === undefined ? "" : ` (line ${line})`}`);
  }
  try {
    const value: unknown = document.toJS({ maxAliasCount: 0 });
    if (isJson(value)) return ok(value);
  } catch {
    // An alias, which `maxAliasCount` turns into an exception.
  }
  return fail("setting_invalid", `${path} holds something that JSON cannot: an alias, a date, a number out of range`);
}

/** Reads a YAML file and validates it against a closed schema. The failure's pointer names the first wrong field; every mistake is listed. */
export function readConfig<S extends TSchema>(schema: S, path: string): Result<Static<S>, FileCode> {
  const value = readYamlFile(path);
  if (!value.ok) return value;
  const valid = validate(schema, value.value, "setting_invalid");
  if (valid.ok) return valid;
  const [first, ...more] = schemaMistakes(schema, value.value).map((mistake) => ({ file: path, ...mistake }));
  if (first === undefined) return valid;
  const { error } = failMistakes("setting_invalid", [first, ...more]);
  return { ok: false, error: { ...error, pointer: first.field } };
}
