import { isJson } from "@seb/canonical";
import { type Failure, fail, ok, type Result } from "@seb/schema";
import type { Mistake } from "./definition.js";
import { MAX_FILE_BYTES, readYaml } from "./read-yaml.js";

/** Texts of a control folder by path relative to it. */
export type ControlFiles = Readonly<Record<string, string>>;
export type PackCode = "bundle_unreadable" | "catalogue_invalid";

/** Most files in a bundle. */
export const MAX_FILES = 512;
/** Largest bundle, in bytes of all its texts together. */
export const MAX_BUNDLE_BYTES = 2_097_152;

const NAME = "[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?";
const KNOWN = new RegExp(
  `^(?:(?:actions|services|agents|people|roots|policy/tests)/${NAME}\\.yaml|policy/${NAME}\\.cedar|policy/schema\\.cedarschema|policy/(?:windows|modes|thresholds)\\.yaml)$`,
);
const REQUIRED = ["policy/schema.cedarschema", "policy/windows.yaml", "policy/modes.yaml", "policy/thresholds.yaml"];
const REQUIRED_FOLDERS = [
  { prefix: "policy/", suffix: ".cedar" },
  { prefix: "policy/tests/", suffix: ".yaml" },
];

/** Checks paths, presence and sizes, before any file is read as YAML. */
export function checkFiles(files: ControlFiles): Result<void, PackCode> {
  const paths = Object.keys(files);
  if (paths.length > MAX_FILES) return fail("bundle_unreadable", `more than ${MAX_FILES} files`);
  let bytes = 0;
  for (const path of paths) {
    const text = files[path];
    if (!KNOWN.test(path)) return fail("bundle_unreadable", `${printable(path)} does not belong into a control folder`);
    if (typeof text !== "string" || !isJson(text)) return fail("bundle_unreadable", `${path} is not well-formed text`);
    const size = Buffer.byteLength(text, "utf8");
    bytes += size;
    if (size > MAX_FILE_BYTES) return mistakeIn(path, { field: "", why: `more than ${MAX_FILE_BYTES} bytes` });
  }
  if (bytes > MAX_BUNDLE_BYTES) return fail("bundle_unreadable", `more than ${MAX_BUNDLE_BYTES} bytes`);
  const missing = REQUIRED.find((path) => !Object.hasOwn(files, path));
  if (missing !== undefined) return fail("bundle_unreadable", `${missing} is missing`);
  for (const { prefix, suffix } of REQUIRED_FOLDERS) {
    if (paths.some((path) => path.startsWith(prefix) && path.endsWith(suffix))) continue;
    return fail("bundle_unreadable", `there is no ${prefix}*${suffix}`);
  }
  return ok(undefined);
}

function printable(path: string): string {
  return /^[A-Za-z0-9._/-]{1,120}$/.test(path) ? path : "A path";
}

/** A `catalogue_invalid` that names the file and the field or line in it (also as facts). */
export function mistakeIn(path: string, { field, why }: Mistake): { ok: false; error: Failure<"catalogue_invalid"> } {
  const place = field === "" ? path : `${path}: ${field}`;
  return fail("catalogue_invalid", `${place}: ${why}`, { facts: { file: path, field } });
}

/** Reads one YAML file and checks it by `check`. */
export function readFile<T>(
  files: ControlFiles,
  path: string,
  check: (value: unknown) => Result<T, "catalogue_invalid">,
): Result<T, PackCode> {
  const read = readYaml(files[path] ?? "");
  if (!read.ok) {
    const line = read.error.facts?.line;
    return mistakeIn(path, { field: line === undefined ? "" : `line ${line}`, why: read.error.detail });
  }
  const checked = check(read.value);
  if (!checked.ok) return mistakeIn(path, { field: checked.error.pointer ?? "", why: checked.error.detail });
  return ok(deepFreeze(checked.value));
}

/** Reads `<folder>/*.yaml` in path order; each file must be named after what it defines. */
export function readFolder<T>(
  files: ControlFiles,
  folder: string,
  check: (value: unknown) => Result<T, "catalogue_invalid">,
  nameOf: (value: T) => string,
): Result<ReadonlyMap<string, T>, PackCode> {
  const found = new Map<string, T>();
  for (const path of pathsIn(files, folder, ".yaml")) {
    const read = readFile(files, path, check);
    if (!read.ok) return read;
    const name = path.slice(folder.length + 1, -".yaml".length);
    if (nameOf(read.value) !== name)
      return mistakeIn(path, { field: "", why: "the file is not named after what it defines" });
    found.set(name, read.value);
  }
  return ok(found);
}

/** Paths directly in a folder, in code-unit order. */
export function pathsIn(files: ControlFiles, folder: string, suffix: string): readonly string[] {
  return Object.keys(files)
    .filter(
      (path) => path.startsWith(`${folder}/`) && path.endsWith(suffix) && !path.slice(folder.length + 1).includes("/"),
    )
    .sort();
}

function deepFreeze<T>(value: T): T {
  if (typeof value === "object" && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const item of Object.values(value)) deepFreeze(item);
  }
  return value;
}
