import { canonicalize, digest, type Json } from "@seb/canonical";
import type { ObserveCode, ObserveRequest } from "@seb/connector";
import {
  certifiedPaths,
  type Edit,
  type Format,
  type GitField,
  type GitOperation,
  preconditionOf,
  readLive,
} from "@seb/connector-git-language";
import { fail, failMistakes, type LiveState, ok, type Result } from "@seb/schema";
import { parseFile, valueAt } from "./documents.js";
import { editable } from "./edit.js";
import type { Objects, TreeFile } from "./objects.js";

/** Where to look. */
export interface Sight {
  readonly target: string;
  readonly head: string;
  readonly operation: GitOperation;
  readonly live: ObserveRequest["live"];
  readonly signal: AbortSignal;
}

const TEXT = /^\P{Cc}{0,512}$/u;

/** The live state at one commit, but for the repository's identity: the files of the operation and of the live fields, all of which must be readable and editable. */
export async function observeAt(objects: Objects, sight: Sight): Promise<Result<Omit<LiveState, "uid">, ObserveCode>> {
  const fields = readLive(sight.live, sight.operation);
  if (!fields.ok) return failMistakes("target_refused", fields.mistakes);
  const paths = certifiedPaths(sight.operation, fields.value);
  const found = await readFiles(objects, sight, paths);
  if (!found.ok) return found;
  const { files, texts } = found.value;
  const contents = new Map<string, unknown>();
  for (const path of paths) {
    const edit = sight.operation.edits.find((candidate) => candidate.path === path);
    const parsed = parseFile(texts.get(path) ?? "", formatIn(path, fields.value, edit));
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
    fields: Object.fromEntries([...values].map(([name, value]) => [name, digest("live", value)])),
    values: showable(fields.value.filter(({ show }) => show).map(({ name }) => [name, values.get(name)])),
    previous: showable([...previous.value]),
    precondition: preconditionOf(new Map(paths.map((path) => [path, files.get(path)?.oid ?? ""]))),
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

/** The format in which the operation or a live field reads a file. */
function formatIn(path: string, fields: readonly GitField[], edit: Edit | undefined): Format {
  return edit?.format ?? fields.find((field) => field.path === path)?.format ?? "yaml";
}

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
  fields: readonly GitField[],
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
