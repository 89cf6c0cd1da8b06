import { canonicalize, digest, type Json } from "@seb/canonical";
import type { ObserveCode, ObserveRequest } from "@seb/connector";
import { fail, type LiveState, ok, type Result } from "@seb/schema";
import { parseFile, valueAt } from "./documents.js";
import { editable } from "./edit.js";
import { isPath, isPointer } from "./names.js";
import type { Objects, TreeFile } from "./objects.js";
import type { Format, GitOperation } from "./operation.js";

/** A live field, resolved: which file, in which format, where. */
interface Field {
  readonly name: string;
  readonly path: string;
  readonly format: Format;
  readonly pointer: string;
  readonly show: boolean;
  readonly previous: boolean;
}

/** Where to look. */
export interface Sight {
  readonly target: string;
  readonly head: string;
  readonly operation: GitOperation;
  readonly live: ObserveRequest["live"];
  readonly signal: AbortSignal;
}

const TEXT = /^\P{Cc}{0,512}$/u;

/** Key of the precondition that holds a file's blob id. */
export const BLOB_PREFIX = "blob:";

/** The live state at one commit, but for the repository's identity: the files of the operation and of the live fields, all of which must be readable and editable. */
export async function observeAt(objects: Objects, sight: Sight): Promise<Result<Omit<LiveState, "uid">, ObserveCode>> {
  const fields = resolveFields(sight);
  if (!fields.ok) return fields;
  const paths = [
    ...new Set([...sight.operation.edits.map(({ path }) => path), ...fields.value.map(({ path }) => path)]),
  ];
  const found = await readFiles(objects, sight, paths);
  if (!found.ok) return found;
  const { files, texts } = found.value;
  const contents = new Map<string, unknown>();
  for (const path of paths) {
    const edit = sight.operation.edits.find((candidate) => candidate.path === path);
    const parsed = parseFile(texts.get(path) ?? "", edit?.format ?? formatOf(path));
    if (!parsed.ok) return parsed;
    const checked = edit === undefined ? ok(undefined) : editable(parsed.value, edit);
    if (!checked.ok) return checked;
    contents.set(path, parsed.value.value);
  }
  const values = new Map<string, Json>();
  for (const { name, path, pointer } of fields.value) {
    const value = valueAt(contents.get(path), pointer);
    if (value === undefined) return fail("target_refused", `The file has no live field ${name}.`);
    values.set(name, value);
  }
  const previous = await previousValues(objects, sight, fields.value, values);
  if (!previous.ok) return previous;
  return ok({
    target: sight.target,
    version: sight.head,
    fields: Object.fromEntries([...values].map(([name, value]) => [name, digest("seb-live-v1", value)])),
    values: showable(fields.value.filter(({ show }) => show).map(({ name }) => [name, values.get(name)])),
    previous: showable([...previous.value]),
    precondition: Object.fromEntries(paths.map((path) => [`${BLOB_PREFIX}${path}`, files.get(path)?.oid ?? ""])),
  });
}

/** Key under which an observation may be kept: the commit and everything that was asked of it. */
export function sightKey(head: string, request: Pick<ObserveRequest, "live">, operation: GitOperation): string {
  const edits = operation.edits.map(({ path, format, set }) => ({ path, format, pointers: [...set.keys()] }));
  const live = Object.entries(request.live).map(([name, { at, show, previous }]) => [
    name,
    at,
    show,
    previous === true,
  ]);
  return `${head} ${canonicalize({ edits, live })}`;
}

function resolveFields({ live, operation }: Sight): Result<readonly Field[], "target_refused"> {
  const fields: Field[] = [];
  for (const [name, { at, show, previous }] of Object.entries(live)) {
    const hash = at.startsWith("/") ? -1 : at.indexOf("#");
    const path = hash < 0 ? operation.edits[0].path : at.slice(0, hash);
    const pointer = at.slice(hash + 1);
    if (!isPath(path) || !isPointer(pointer)) return fail("target_refused", `Live field ${name} is at no pointer.`);
    const format = operation.edits.find((edit) => edit.path === path)?.format ?? formatOf(path);
    fields.push({ name, path, format, pointer, show, previous: previous === true });
  }
  return ok(fields);
}

const formatOf = (path: string): Format => (path.endsWith(".json") ? "json" : "yaml");

async function readFiles(
  objects: Objects,
  { head, signal }: Sight,
  paths: readonly string[],
): Promise<Result<{ files: ReadonlyMap<string, TreeFile>; texts: ReadonlyMap<string, string> }, ObserveCode>> {
  const files = await objects.files(head, paths, signal);
  if (!files.ok) return files;
  const blobs = await objects.texts([...new Set([...files.value.values()].map(({ oid }) => oid))], signal);
  if (!blobs.ok) return blobs;
  const texts = new Map<string, string>();
  for (const path of paths) {
    const text = blobs.value.get(files.value.get(path)?.oid ?? "");
    if (text === undefined)
      return fail("target_refused", "A file is missing, too large, not UTF-8 or no regular file.");
    texts.set(path, text);
  }
  return ok({ files: files.value, texts });
}

/** The last value, of each field that wants it, that differs from the present one. Versions that do not parse are passed over. */
async function previousValues(
  objects: Objects,
  { head, signal }: Sight,
  fields: readonly Field[],
  now: ReadonlyMap<string, Json>,
): Promise<Result<ReadonlyMap<string, Json>, ObserveCode>> {
  const found = new Map<string, Json>();
  const wanted = fields.filter(({ previous }) => previous);
  for (const path of new Set(wanted.map((field) => field.path))) {
    const here = wanted.filter((field) => field.path === path);
    const visit = (text: string) => {
      const parsed = parseFile(text, here[0]?.format ?? "yaml");
      for (const { name, pointer } of here) {
        const value = parsed.ok ? valueAt(parsed.value.value, pointer) : undefined;
        if (value === undefined || found.has(name) || sameJson(value, now.get(name))) continue;
        found.set(name, value);
      }
      return here.every(({ name }) => found.has(name));
    };
    const walked = await objects.history(head, path, visit, signal);
    if (!walked.ok) return walked;
  }
  return ok(found);
}

function sameJson(one: Json, other: Json | undefined): boolean {
  return other !== undefined && canonicalize(one) === canonicalize(other);
}

/** Only what a parameter could be is shown: text on one line of at most 512 characters, safe integers, booleans. */
function showable(entries: readonly (readonly [string, Json | undefined])[]): LiveState["values"] {
  const shown: LiveState["values"] = {};
  for (const [name, value] of entries) {
    const text = typeof value === "string" && TEXT.test(value);
    if (text || typeof value === "boolean" || Number.isSafeInteger(value)) Reflect.set(shown, name, value);
  }
  return shown;
}
