import { readdir, statfs } from "node:fs/promises";
import { join } from "node:path";
import { errnoOf, type HeldLock, takeLock } from "@seb/local";
import { type Failure, fail, ok, type Result } from "@seb/schema";
import type { RecordSink } from "../port.js";
import { checkedLines, isWriter } from "../record-line.js";
import { type DurableFile, makeFolder, openDurableFile } from "./durable-file.js";
import { measureLines, readLines } from "./lines.js";

export interface FileSinkOptions {
  /** Holds one `<writer>.jsonl` per chain, and `<writer>.lock` while it is written. Made when missing. */
  readonly folder: string;
  /** Free bytes kept for records that finish what was begun; default 0, which keeps none. */
  readonly reserveBytes?: number;
  /** How files are opened; default `openDurableFile`. */
  readonly openFile?: (path: string) => Promise<DurableFile>;
  /** Free bytes of the file system that holds the folder; default asks the system. */
  readonly freeBytes?: (folder: string) => Promise<number>;
}

interface Claimed {
  readonly file: DurableFile;
  readonly lock: HeldLock;
  nextSeq: number;
  /** Size in bytes of the complete lines. */
  endBytes: number;
  tornBytes: number;
  /** Settles when the last append has: appends to one chain run one after the other. */
  busy: Promise<unknown>;
}

type AppendResult = Result<void, "record_failed" | "chain_fork">;

const SUFFIX = ".jsonl";

async function systemFreeBytes(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize;
}

class FileSink implements RecordSink {
  readonly name = "file";
  readonly #options: FileSinkOptions;
  readonly #claims = new Map<string, Promise<Result<Claimed, "record_failed" | "chain_fork">>>();
  #broken: Failure<"record_failed"> | undefined;

  constructor(options: FileSinkOptions) {
    this.#options = options;
  }

  async claim(writer: string): ReturnType<RecordSink["claim"]> {
    const claimed = await this.#claimed(writer);
    return claimed.ok ? ok({ tornBytes: claimed.value.tornBytes }) : claimed;
  }

  async append(writer: string, expectedSeq: number, lines: readonly string[]): Promise<AppendResult> {
    if (lines.length === 0) return ok(undefined);
    const bytes = Buffer.from(`${checkedLines(lines).join("\n")}\n`, "latin1");
    const claimed = await this.#claimed(writer);
    if (!claimed.ok) return claimed;
    const chain = claimed.value;
    const result = chain.busy.then(() => this.#write(chain, expectedSeq, bytes, lines.length));
    chain.busy = result;
    return result;
  }

  read(writer: string, fromSeq = 0): AsyncIterable<string> {
    return readLines(this.#path(writer), fromSeq);
  }

  async torn(writer: string): Promise<number> {
    return (await measureLines(this.#path(writer))).tornBytes;
  }

  async writers(): Promise<readonly string[]> {
    try {
      const names = await readdir(this.#options.folder);
      return names
        .filter((name) => name.endsWith(SUFFIX))
        .map((name) => name.slice(0, -SUFFIX.length))
        .filter(isWriter)
        .sort();
    } catch (error) {
      if (errnoOf(error) === "ENOENT") return [];
      throw error;
    }
  }

  async low(): Promise<boolean> {
    const { folder, reserveBytes = 0, freeBytes = systemFreeBytes } = this.#options;
    return reserveBytes > 0 && (await freeBytes(folder)) < reserveBytes;
  }

  async close(): Promise<void> {
    this.#broken ??= { code: "record_failed", detail: "The record sink is closed." };
    for (const pending of this.#claims.values()) {
      const claimed = await pending;
      if (!claimed.ok) continue;
      await claimed.value.busy;
      await claimed.value.file.close();
      await claimed.value.lock.release();
    }
    this.#claims.clear();
  }

  #path(writer: string, suffix = SUFFIX): string {
    if (!isWriter(writer)) throw new TypeError("not the name of a writer");
    return join(this.#options.folder, writer + suffix);
  }

  async #claimed(writer: string): Promise<Result<Claimed, "record_failed" | "chain_fork">> {
    if (this.#broken) return { ok: false, error: this.#broken };
    const known = this.#claims.get(writer);
    if (known) return known;
    const made = this.#take(this.#path(writer), this.#path(writer, ".lock"));
    this.#claims.set(writer, made);
    const result = await made;
    if (!result.ok) this.#claims.delete(writer);
    return result;
  }

  async #take(path: string, lockPath: string): Promise<Result<Claimed, "record_failed" | "chain_fork">> {
    try {
      await makeFolder(this.#options.folder);
      const taken = await takeLock(lockPath);
      if (!("lock" in taken))
        return fail("chain_fork", "Another process writes this chain.", {
          facts: { pid: taken.heldBy ?? 0 },
        });
      try {
        const file = await (this.#options.openFile ?? openDurableFile)(path);
        const { lines, endBytes, tornBytes } = await measureLines(path);
        return ok({ file, lock: taken.lock, nextSeq: lines, endBytes, tornBytes, busy: Promise.resolve() });
      } catch (error) {
        await taken.lock.release();
        throw error;
      }
    } catch (error) {
      return fail("record_failed", "The chain's file cannot be opened.", { facts: { errno: errnoOf(error) } });
    }
  }

  async #write(chain: Claimed, expectedSeq: number, bytes: Buffer, count: number): Promise<AppendResult> {
    if (this.#broken) return { ok: false, error: this.#broken };
    if (expectedSeq !== chain.nextSeq) {
      return fail("chain_fork", "The chain ends elsewhere.", { facts: { end: chain.nextSeq, expected: expectedSeq } });
    }
    try {
      // O_APPEND hides a second writer that ignored the lock; the size does not.
      if ((await chain.file.size()) !== chain.endBytes + chain.tornBytes) {
        return fail("chain_fork", "The chain's file was changed by somebody else.");
      }
      if (chain.tornBytes > 0) await chain.file.truncate(chain.endBytes);
      chain.tornBytes = 0;
      await chain.file.write(bytes);
      await chain.file.datasync();
    } catch (error) {
      // After a failed fsync nobody knows what is on the disk, and asking again would lie: there is no way back.
      const broken = fail("record_failed", "The record sink failed.", { facts: { errno: errnoOf(error) } });
      this.#broken = broken.error;
      return broken;
    }
    chain.endBytes += bytes.length;
    chain.nextSeq += count;
    return ok(undefined);
  }
}

/**
 * Chains as append-only files, for one machine. An append is written and fdatasync'ed before it resolves; the first error
 * of the file system breaks the sink for good. Methods throw TypeError for a writer that is not an instance name.
 */
export function createFileSink(options: FileSinkOptions): RecordSink {
  return new FileSink(options);
}
