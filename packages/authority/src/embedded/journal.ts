import { fail, ok, type Result } from "@seb/schema";
import { apply } from "../apply.js";
import { emptyState, type MutableState } from "../state.js";
import type { Effect } from "../transitions.js";
import type { Appender, Disk } from "./disk.js";
import { readEntries, toLine } from "./lines.js";
import { readSnapshot, snapshotText } from "./snapshot.js";

const JOURNAL = "journal.jsonl";
const SNAPSHOT = "snapshot.json";
/** Journal size from which it is folded into a snapshot, in characters. */
const COMPACT_FROM = 8 * 1024 * 1024;

export interface Loaded {
  readonly n: number;
  readonly state: MutableState;
  readonly journalLength: number;
}

/** Bytes up to and with the last newline: what comes after was never acknowledged. */
function wholeLines(text: string): string {
  return text.slice(0, text.lastIndexOf("\n") + 1);
}

/**
 * Reads snapshot and journal and cuts a torn last line. Damage anywhere else, a gap between both files or a version that is not
 * ours refuses: a store that may have forgotten something must not answer.
 */
export async function load(disk: Disk): Promise<Result<Loaded, "store_unavailable">> {
  const broken = (what: string) => fail("store_unavailable", `The store's ${what} is damaged; it is not opened.`);
  const snapshotFile = await disk.read(SNAPSHOT);
  const snapshot = snapshotFile === undefined ? { n: 0, state: emptyState("") } : readSnapshot(snapshotFile);
  if (snapshot === undefined) return broken("snapshot");
  const text = (await disk.read(JOURNAL)) ?? "";
  const whole = wholeLines(text);
  if (whole.length < text.length) await disk.cut(JOURNAL, Buffer.byteLength(whole));
  const entries = readEntries(whole);
  if (entries === undefined) return broken("journal");
  const first = entries[0];
  if (first !== undefined && first.n > snapshot.n + 1) return broken("journal");
  for (const { n, effect } of entries) if (n > snapshot.n) apply(snapshot.state, effect);
  const n = Math.max(snapshot.n, entries.at(-1)?.n ?? 0);
  return ok({ n, state: snapshot.state, journalLength: whole.length });
}

/** Makes effects durable in the order in which they were applied. */
export interface Journal {
  /** Applies the effect at once and resolves true when it is durable; false when it is not and the journal is broken for good. */
  commit(effect: Effect): Promise<boolean>;
  /** True from the first I/O error on: nothing is known any more about what is durable. */
  readonly broken: boolean;
  close(): Promise<void>;
}

interface Waiting {
  readonly line: string;
  readonly settle: (durable: boolean) => void;
}

/** Group commit: whatever gathers while one write is under way goes out with the next, under one fdatasync. */
export class FileJournal implements Journal {
  #waiting: Waiting[] = [];
  #flushing: Promise<void> | undefined;
  #broken = false;
  #n: number;
  #length: number;

  private constructor(
    private readonly disk: Disk,
    private readonly state: MutableState,
    private file: Appender,
    loaded: Loaded,
    private readonly compactFrom: number,
  ) {
    this.#n = loaded.n;
    this.#length = loaded.journalLength;
  }

  static async open(disk: Disk, loaded: Loaded, compactFrom = COMPACT_FROM): Promise<FileJournal> {
    return new FileJournal(disk, loaded.state, await disk.appender(JOURNAL), loaded, compactFrom);
  }

  get broken(): boolean {
    return this.#broken;
  }

  commit(effect: Effect): Promise<boolean> {
    if (this.#broken) return Promise.resolve(false);
    this.#n += 1;
    const line = toLine({ n: this.#n, effect });
    apply(this.state, effect);
    const durable = new Promise<boolean>((settle) => this.#waiting.push({ line, settle }));
    this.#flushing ??= this.#flush();
    return durable;
  }

  async #flush(): Promise<void> {
    // Begins in a later turn, so that everything asked for in this one shares a write.
    await Promise.resolve();
    while (this.#waiting.length > 0 && !this.#broken) {
      const group = this.#waiting;
      this.#waiting = [];
      const durable = await this.#write(group.map(({ line }) => line).join(""));
      for (const { settle } of group) settle(durable);
    }
    for (const { settle } of this.#waiting.splice(0)) settle(false);
    this.#flushing = undefined;
  }

  async #write(text: string): Promise<boolean> {
    try {
      await this.file.append(text);
      this.#length += text.length;
      if (this.#length >= this.compactFrom) await this.#compact();
      return true;
    } catch {
      // After a failed fsync the kernel may have dropped the pages: trying again could claim what is not there.
      this.#broken = true;
      return false;
    }
  }

  /**
   * Snapshot first, then an empty journal. A stop in between leaves lines that the snapshot already holds; their numbers tell. Effects
   * that were applied but not written yet are in the snapshot as well, and their lines follow in the new journal.
   */
  async #compact(): Promise<void> {
    await this.disk.replace(SNAPSHOT, snapshotText({ n: this.#n, state: this.state }));
    await this.file.close();
    await this.disk.replace(JOURNAL, "");
    this.file = await this.disk.appender(JOURNAL);
    this.#length = 0;
  }

  async close(): Promise<void> {
    await this.#flushing;
    this.#broken = true;
    await this.file.close();
  }
}
