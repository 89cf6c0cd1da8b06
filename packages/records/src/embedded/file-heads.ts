import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { canonicalize, readJson } from "@seb/canonical";
import { errnoOf } from "@seb/local";
import { Counter, closed, Digest, fail, Instance, Milliseconds, ok, type Result, validate } from "@seb/schema";
import type { Head, HeadStore } from "../port.js";
import { type DurableFile, makeFolder, openDurableFile } from "./durable-file.js";
import { measureLines, readLines } from "./lines.js";

const HeadShape = closed({ writer: Instance, boot: Counter, seq: Counter, digest: Digest, at_ms: Milliseconds });
const LIMITS = { maxBytes: 1024, maxDepth: 2 };
const SUFFIX = ".heads.jsonl";

/** A head store with a file to let go of. */
export interface FileHeads extends HeadStore {
  close(): Promise<void>;
}

export interface FileHeadsOptions {
  /** Holds one `<writer>.heads.jsonl` per writer. Best on another disk or machine than the chains. Made when missing. */
  readonly folder: string;
  /** How files are opened; default `openDurableFile`. */
  readonly openFile?: (path: string) => Promise<DurableFile>;
}

async function* headsOf(path: string, writer: string): AsyncGenerator<Head> {
  let line = 0;
  for await (const text of readLines(path)) {
    line += 1;
    const json = readJson(text, LIMITS);
    const head = json.ok ? validate(HeadShape, json.value, "records_broken") : json;
    // Not a Result: a damaged second place is lost as a whole, and whoever asks must stop.
    if (!head.ok || head.value.writer !== writer) throw new Error(`heads of ${writer}: line ${line} is not a head`);
    yield head.value;
  }
}

class FolderOfHeads implements FileHeads {
  readonly #options: FileHeadsOptions;
  readonly #files = new Map<string, DurableFile>();
  #busy: Promise<unknown> = Promise.resolve();

  constructor(options: FileHeadsOptions) {
    this.#options = options;
  }

  put(head: Head): Promise<Result<void, "record_failed">> {
    const result = this.#busy.then(() => this.#write(head));
    this.#busy = result;
    return result;
  }

  async last(writer: string): Promise<Head | undefined> {
    let last: Head | undefined;
    for await (const head of headsOf(this.#path(writer), writer)) last = head;
    return last;
  }

  async *all(): AsyncGenerator<Head> {
    for (const writer of await this.#writers()) yield* headsOf(this.#path(writer), writer);
  }

  async close(): Promise<void> {
    await this.#busy;
    for (const file of this.#files.values()) await file.close();
    this.#files.clear();
  }

  #path(writer: string): string {
    if (!validate(Instance, writer, "setting_invalid").ok) throw new TypeError("not the name of a writer");
    return join(this.#options.folder, writer + SUFFIX);
  }

  async #writers(): Promise<readonly string[]> {
    try {
      const names = await readdir(this.#options.folder);
      return names
        .filter((name) => name.endsWith(SUFFIX))
        .map((name) => name.slice(0, -SUFFIX.length))
        .sort();
    } catch (error) {
      if (errnoOf(error) === "ENOENT") return [];
      throw error;
    }
  }

  async #write(head: Head): Promise<Result<void, "record_failed">> {
    const { writer, boot, seq, digest, at_ms } = head;
    const path = this.#path(writer);
    try {
      const file = this.#files.get(writer) ?? (await this.#open(path));
      this.#files.set(writer, file);
      // Rejects when the path no longer names this file: heads in a deleted file would prove nothing to anybody.
      await file.size();
      await file.write(Buffer.from(`${canonicalize({ writer, boot, seq, digest, at_ms })}\n`, "latin1"));
      await file.datasync();
      return ok(undefined);
    } catch (error) {
      // The next put opens the file anew and cuts what this one may have left behind.
      await this.#files.get(writer)?.close();
      this.#files.delete(writer);
      return fail("record_failed", "The head could not be copied.", { facts: { errno: errnoOf(error) } });
    }
  }

  async #open(path: string): Promise<DurableFile> {
    await makeFolder(this.#options.folder);
    const file = await (this.#options.openFile ?? openDurableFile)(path);
    const { endBytes, tornBytes } = await measureLines(path);
    if (tornBytes > 0) await file.truncate(endBytes);
    return file;
  }
}

/**
 * Heads as append-only files. A torn last line (a crash within `put`) counts as not written. Readers get an exception for
 * any other line that is not a head of that writer.
 */
export function createFileHeads(options: FileHeadsOptions): FileHeads {
  return new FolderOfHeads(options);
}
