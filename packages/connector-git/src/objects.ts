import { createHash } from "node:crypto";
import { fail, ok, type Result } from "@seb/schema";
import { linesOf } from "./git-starter.js";
import type { Repository } from "./repository.js";

/** A regular file of a tree. */
export interface TreeFile {
  readonly path: string;
  readonly oid: string;
  readonly mode: "100644" | "100755";
}

/** A file with a new text; its mode stays. */
export interface ChangedFile {
  readonly file: TreeFile;
  readonly text: string;
}

/** Largest file that is read or changed, in bytes. */
export const MAX_FILE_BYTES = 262_144;

const ENTRY = /^(100644|100755) blob ([0-9a-f]{40,64}) +([0-9]+)\t(.+)$/s;
const HISTORY = 50;
const BATCH = 8;
const MAX_TEXTS = 64;
const MAX_COMMITS = 64;
const MAX_PATHS = 256;
const LINE_FEED = 10;

/** Reads the objects that {@link Mirror} has brought into the cache. */
export class Objects {
  readonly #repository: Repository;
  readonly #texts = new Map<string, string>();
  /** What stands at a path of a commit never changes; undefined where no regular file does. */
  readonly #files = new Map<string, ReadonlyMap<string, TreeFile | undefined>>();

  constructor(repository: Repository) {
    this.#repository = repository;
  }

  /** The given paths as they are in a commit. Whatever is no regular file (link, submodule, folder, missing, too large) is left out. */
  async files(
    commit: string,
    paths: readonly string[],
    signal: AbortSignal,
  ): Promise<Result<ReadonlyMap<string, TreeFile>, "target_unavailable">> {
    const known = this.#files.get(commit);
    if (known !== undefined && paths.every((path) => known.has(path))) return ok(regular(known, paths));
    const end = await this.#repository.run(
      ["--literal-pathspecs", "ls-tree", "-z", "--long", "--full-tree", commit, "--", ...paths],
      { signal },
    );
    if (end.exit !== 0) return unreadable();
    const found = new Map<string, TreeFile | undefined>(paths.map((path) => [path, undefined]));
    for (const entry of new TextDecoder().decode(end.stdout).split("\0")) {
      const [, mode, oid, size, path] = ENTRY.exec(entry) ?? [];
      if (oid === undefined || path === undefined || !paths.includes(path) || Number(size) > MAX_FILE_BYTES) continue;
      found.set(path, { path, oid, mode: mode === "100755" ? "100755" : "100644" });
    }
    this.#keep(commit, [...(known ?? []), ...found]);
    return ok(regular(found, paths));
  }

  /**
   * Says what a commit holds that was made here: what its parent holds, but for the changed files. Their ids are what git computes, the
   * hash of a header and the text.
   */
  derive(parent: string, commit: string, changed: readonly ChangedFile[]): void {
    const made = changed.map(({ file, text }): [string, TreeFile | undefined] => {
      const bytes = Buffer.byteLength(text, "utf8");
      const hash = createHash(commit.length === 64 ? "sha256" : "sha1");
      const oid = hash.update(`blob ${bytes}\0${text}`, "utf8").digest("hex");
      this.#keepText(oid, text);
      return [file.path, bytes > MAX_FILE_BYTES ? undefined : { ...file, oid }];
    });
    this.#keep(commit, [...(this.#files.get(parent) ?? []), ...made]);
  }

  #keep(commit: string, files: readonly (readonly [string, TreeFile | undefined])[]): void {
    if (this.#files.size >= MAX_COMMITS) this.#files.clear();
    this.#files.set(commit, new Map(files.slice(-MAX_PATHS)));
  }

  #keepText(oid: string, text: string): void {
    if (this.#texts.size >= MAX_TEXTS) this.#texts.clear();
    this.#texts.set(oid, text);
  }

  /** Contents of blobs by id; one that is not UTF-8 is left out. */
  async texts(
    oids: readonly string[],
    signal: AbortSignal,
  ): Promise<Result<ReadonlyMap<string, string>, "target_unavailable">> {
    const missing = oids.filter((oid) => !this.#texts.has(oid));
    const found = new Map(oids.flatMap((oid) => pairOf(oid, this.#texts.get(oid))));
    if (missing.length === 0) return ok(found);
    const read = await this.#read(missing, signal);
    if (!read.ok) return read;
    for (const [index, oid] of missing.entries()) {
      const text = read.value[index];
      if (text === undefined) continue;
      found.set(oid, text);
      this.#keepText(oid, text);
    }
    return ok(found);
  }

  /**
   * Calls `visit` with the file's earlier contents, newest first, until it answers true: at most 50 commits that changed it. Only the
   * branch itself is walked (first parents): what stood on a side branch was never live.
   */
  async history(
    commit: string,
    path: string,
    visit: (text: string) => boolean,
    signal: AbortSignal,
  ): Promise<Result<void, "target_unavailable">> {
    const end = await this.#repository.run(
      ["--literal-pathspecs", "rev-list", "--first-parent", `--max-count=${HISTORY}`, commit, "--", path],
      { signal },
    );
    if (end.exit !== 0) return unreadable();
    // The first one made the file what it is.
    const commits = linesOf(end).slice(1);
    for (let from = 0; from < commits.length; from += BATCH) {
      const names = commits.slice(from, from + BATCH).map((name) => `${name}:${path}`);
      const read = await this.#read(names, signal);
      if (!read.ok) return read;
      for (const text of read.value) if (text !== undefined && visit(text)) return ok(undefined);
    }
    return ok(undefined);
  }

  /** A commit's message; undefined when the object is no commit. */
  async message(oid: string, signal: AbortSignal): Promise<Result<string | undefined, "target_unavailable">> {
    const read = await this.#read([oid], signal, "commit");
    if (!read.ok) return read;
    const [text] = read.value;
    return ok(text?.slice(text.indexOf("\n\n") + 2));
  }

  /** Whether `commit` is `head` or lies behind it. */
  async reachable(commit: string, head: string, signal: AbortSignal): Promise<Result<boolean, "target_unavailable">> {
    const end = await this.#repository.run(["merge-base", "--is-ancestor", commit, head], { signal });
    return end.exit === 0 || end.exit === 1 ? ok(end.exit === 0) : unreadable();
  }

  async #read(
    names: readonly string[],
    signal: AbortSignal,
    type = "blob",
  ): Promise<Result<readonly (string | undefined)[], "target_unavailable">> {
    const end = await this.#repository.run(["cat-file", "--batch"], { signal, input: `${names.join("\n")}\n` });
    if (end.exit !== 0) return unreadable();
    const records = splitBatch(end.stdout, names.length, type);
    return records === undefined ? unreadable() : ok(records);
  }
}

/** Splits `<oid> <type> <size>LF<content>LF` records; a missing object is one line without content. Undefined when one is cut. */
function splitBatch(bytes: Uint8Array, count: number, wanted: string): readonly (string | undefined)[] | undefined {
  const found: (string | undefined)[] = [];
  for (let at = 0; found.length < count; ) {
    const end = bytes.indexOf(LINE_FEED, at);
    if (end < 0) return undefined;
    const header = new TextDecoder().decode(bytes.subarray(at, end));
    const [, type, size] = /^[0-9a-f]{40,64} ([a-z]+) ([0-9]+)$/.exec(header) ?? [];
    at = end + 1;
    if (size === undefined) {
      found.push(undefined);
      continue;
    }
    const small = type === wanted && Number(size) <= MAX_FILE_BYTES;
    found.push(small ? decode(bytes.subarray(at, at + Number(size))) : undefined);
    at += Number(size) + 1;
    if (at > bytes.length) return undefined;
  }
  return found;
}

function regular(
  files: ReadonlyMap<string, TreeFile | undefined>,
  paths: readonly string[],
): ReadonlyMap<string, TreeFile> {
  const found = new Map<string, TreeFile>();
  for (const path of paths) {
    const file = files.get(path);
    if (file !== undefined) found.set(path, file);
  }
  return found;
}

function decode(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

function pairOf(oid: string, text: string | undefined): readonly (readonly [string, string])[] {
  return text === undefined ? [] : [[oid, text]];
}

function unreadable() {
  return fail("target_unavailable", "The local cache of the repository cannot be read.");
}
