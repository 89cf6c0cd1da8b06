import { isJson } from "@seb/canonical";
import { type Mistake, nearest, shown } from "@seb/schema";
import { MAX_FILE_BYTES } from "./read-yaml.js";

/** Texts of a control folder by path relative to it. */
export type ControlFiles = Readonly<Record<string, string>>;

/** Most files in a bundle. */
export const MAX_FILES = 512;
/** Largest bundle, in bytes of all its texts together. */
export const MAX_BUNDLE_BYTES = 2_097_152;

/** Folders of `<name>.yaml`. */
export const FOLDERS = ["actions", "services", "agents", "people", "roots"] as const;
export type Folder = (typeof FOLDERS)[number];

const NAME = "[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?";
const KNOWN = new RegExp(
  `^(?:(?:${FOLDERS.join("|")}|policy/tests)/${NAME}\\.yaml|policy/${NAME}\\.cedar|policy/(?:windows|modes|thresholds)\\.yaml)$`,
);
const REQUIRED = ["policy/windows.yaml", "policy/modes.yaml", "policy/thresholds.yaml"];
const REQUIRED_FOLDERS = [
  { prefix: "policy/", suffix: ".cedar", expected: "at least one policy" },
  { prefix: "policy/tests/", suffix: ".yaml", expected: "at least one file of policy tests" },
];
const EXPECTED = `<name>.yaml in ${FOLDERS.join(", ")} or policy/tests, policy/<name>.cedar, or ${REQUIRED.join(", ")}`;

/** The files of a folder, sorted into what can be read and what is wrong with the rest. */
export interface Sorted {
  readonly mistakes: readonly Mistake[];
  readonly readable: ControlFiles;
  /** Every path that is there, readable or not, in code-unit order. */
  readonly paths: readonly string[];
}

/**
 * Mistakes in paths, presence and sizes.
 *
 * @param unread mistakes of files that are there and could not be read as text.
 */
export function sortFiles(files: ControlFiles, unread: readonly Mistake[]): Sorted {
  const paths = [...new Set([...Object.keys(files), ...unread.map(({ file }) => file)])].sort();
  if (paths.length > MAX_FILES) return tooMuch(`${paths.length} files`, `at most ${MAX_FILES} files`);
  const mistakes: Mistake[] = [...unread];
  const readable = Object.create(null) as Record<string, string>;
  let bytes = 0;
  for (const path of Object.keys(files).sort()) {
    const text = files[path];
    const size = typeof text === "string" ? Buffer.byteLength(text, "utf8") : 0;
    bytes += size;
    const file = shownPath(path);
    if (!KNOWN.test(path)) mistakes.push({ file, ...misplaced(path, paths) });
    else if (typeof text !== "string" || !isJson(text))
      mistakes.push({ file, found: "broken text", expected: "UTF-8" });
    else if (size > MAX_FILE_BYTES)
      mistakes.push({ file, found: `${size} bytes`, expected: `at most ${MAX_FILE_BYTES} bytes` });
    else readable[path] = text;
  }
  if (bytes > MAX_BUNDLE_BYTES) return tooMuch(`${bytes} bytes of files`, `at most ${MAX_BUNDLE_BYTES} bytes`);
  return { mistakes: [...mistakes, ...missing(paths, mistakes)], readable, paths };
}

function tooMuch(found: string, expected: string): Sorted {
  return { mistakes: [{ file: "", found, expected }], readable: {}, paths: [] };
}

/** A path as a mistake names it: its alphabet is known, or it is only counted. */
const shownPath = (path: string): string =>
  /^[A-Za-z0-9._/ -]{1,120}$/.test(path) && path.trim() !== "" ? path : `a file of ${path.length} characters`;

const NO_SCHEMA =
  "no such file: delete it, the schema follows from the facts and the folder's actions (seb policy schema writes it for editors)";

/** What a misplaced file may have been meant to be. */
function misplaced(path: string, paths: readonly string[]): Omit<Mistake, "file"> {
  if (path.endsWith(".cedarschema")) return { found: "a copy of the Cedar schema", expected: NO_SCHEMA };
  const lower = path.toLowerCase().replace(/\.ya?ml$/, ".yaml");
  const [folder = "", ...rest] = lower.split("/");
  const folders = nearest(folder, [...FOLDERS, "policy"]).map((name) => [name, ...rest].join("/"));
  const candidates = [lower, ...folders, ...nearest(lower, REQUIRED), `policy/${lower}`];
  const near = [...new Set(candidates)].filter((name) => KNOWN.test(name) && !paths.includes(name)).slice(0, 3);
  return { found: "a file that does not belong here", expected: EXPECTED, ...(near.length === 0 ? {} : { near }) };
}

/** Required files that are not there, save those that a misplaced file is meant to be. */
function missing(paths: readonly string[], mistakes: readonly Mistake[]): Mistake[] {
  const meant = mistakes.flatMap(({ near = [] }) => near);
  const single = REQUIRED.filter((path) => !paths.includes(path) && !meant.includes(path));
  const folders = REQUIRED_FOLDERS.filter(
    ({ prefix, suffix }) => ![...paths, ...meant].some((path) => path.startsWith(prefix) && path.endsWith(suffix)),
  );
  return [
    ...single.map((file) => ({ file, found: "no such file", expected: "this file" })),
    ...folders.map(({ prefix, suffix, expected }) => ({
      file: `${prefix}*${suffix}`,
      found: "no such file",
      expected,
    })),
  ];
}

/** Paths directly in a folder, in code-unit order. */
export function pathsIn(paths: readonly string[], folder: string, suffix: string): readonly string[] {
  return paths
    .filter(
      (path) => path.startsWith(`${folder}/`) && path.endsWith(suffix) && !path.slice(folder.length + 1).includes("/"),
    )
    .sort();
}

/** Name of a file without its folder and suffix. */
export function stemOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1).replace(/\.[a-z]+$/, "");
}

/** A file that is not named after what it defines. */
export function misnamed(field: string, name: string, expected: string) {
  return { field, found: shown(name), expected: `\`${expected}\`, after the file's name` };
}
