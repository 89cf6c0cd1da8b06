import { closeSync, constants, fstatSync, openSync, readFileSync } from "node:fs";
import { isJson, type Json } from "@seb/canonical";
import { fail, ok, type Result, validate } from "@seb/schema";
import type { Static, TSchema } from "typebox";
import { parseDocument } from "yaml";

type SettingCode = "setting_missing" | "setting_invalid";
const MAX_BYTES = 1_048_576;

function readBounded(path: string, check: (mode: number) => string | undefined): Result<string, SettingCode> {
  let file: number;
  try {
    file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch {
    return fail("setting_missing", `cannot open ${path}`);
  }
  try {
    const stat = fstatSync(file);
    if (!stat.isFile()) return fail("setting_invalid", `${path} is not a regular file`);
    if (stat.size > MAX_BYTES) return fail("setting_invalid", `${path} is larger than ${MAX_BYTES} bytes`);
    const wrong = check(stat.mode);
    if (wrong !== undefined) return fail("setting_invalid", `${path} ${wrong}`);
    return ok(new TextDecoder("utf-8", { fatal: true }).decode(new Uint8Array(readFileSync(file))));
  } catch {
    return fail("setting_invalid", `cannot read ${path} as UTF-8`);
  } finally {
    closeSync(file);
  }
}

/** Reads a secret: a regular file of at most 1 MB that only its owner can read (mode 0600 or narrower). */
export function readSecretFile(path: string): Result<string, SettingCode> {
  return readBounded(path, (mode) =>
    (mode & 0o077) === 0 ? undefined : "can be read by others: set its mode to 0600",
  );
}

/** Reads one YAML document (core schema) of at most 1 MB as plain JSON: no anchors, aliases, tags or repeated keys. */
export function readYamlFile(path: string): Result<Json, SettingCode> {
  const text = readBounded(path, () => undefined);
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

/** Reads a YAML file and validates it against a closed schema; the failure's pointer names the field. */
export function readConfig<S extends TSchema>(schema: S, path: string): Result<Static<S>, SettingCode> {
  const value = readYamlFile(path);
  if (!value.ok) return value;
  const valid = validate(schema, value.value, "setting_invalid");
  if (valid.ok) return valid;
  const { detail, pointer = "" } = valid.error;
  return fail("setting_invalid", `${path}: ${pointer === "" ? "the document" : pointer} ${detail}`, { pointer });
}
