import { digestBytes, isJson } from "@seb/canonical";
import { type Failure, fail, ok, type RecordClaims, type Result } from "@seb/schema";
import type { Sealer } from "@seb/seal";
import { gate } from "@seb/verify-core";
import type { Head, Recorded, RecordSink } from "./port.js";
import { MAX_LINE_BYTES, RECORD_TYP } from "./record-line.js";

export type AppendCode = "record_failed" | "chain_fork";

/** Room for the header, the signature and the other claims. */
const ENVELOPE_BYTES = 1024;
/** Longest body, in bytes of JSON, whose line is within its bound: base64url makes four characters of three bytes. */
const MAX_BODY_BYTES = Math.floor((MAX_LINE_BYTES * 3) / 4) - ENVELOPE_BYTES;
const GROUP_LINES = 256;
const GROUP_BYTES = 1_048_576;
const MAX_QUEUED = 10_000;

export interface GroupWriterOptions {
  readonly sink: RecordSink;
  readonly sealer: Pick<Sealer<"record">, "seal">;
  readonly boot: number;
  /** Where the chain ends now. */
  readonly head: Head;
  readonly nowMs: () => number;
  /** Validity of the record key in seconds, [nbf, exp): a record outside it would never verify. */
  readonly key: { readonly nbf: number; readonly exp: number };
  /** True for kinds that may use the space that is kept back. */
  readonly mayUseReserve: (kind: string) => boolean;
  readonly onBroken: (failure: Failure<AppendCode>) => void;
}

interface Entry {
  readonly kind: string;
  readonly body: Readonly<Record<string, unknown>>;
  readonly answer: (result: Result<Recorded, AppendCode>) => void;
  readonly reject: (error: unknown) => void;
}

interface Sealed {
  readonly entry: Entry;
  readonly line: string;
  readonly head: Head;
}

/** A copy that the caller cannot change any more, or undefined when it is too large. */
function snapshot(body: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> | undefined {
  if (!isJson(body)) throw new TypeError("append: the body is not plain JSON data");
  const text = JSON.stringify(body);
  if (Buffer.byteLength(text, "utf8") > MAX_BODY_BYTES) return undefined;
  const copy: Readonly<Record<string, unknown>> = JSON.parse(text);
  return copy;
}

/**
 * Appends to one chain in order, one group at a time: while a group is being made durable, later records gather for the
 * next. The first failure of the sink ends the chain for good, for whether the group was written is not known then.
 */
export class GroupWriter {
  readonly #options: GroupWriterOptions;
  readonly #queue: Entry[] = [];
  #head: Head;
  #running: Promise<void> | undefined;
  #ended: Failure<AppendCode> | undefined;

  constructor(options: GroupWriterOptions) {
    this.#options = options;
    this.#head = options.head;
  }

  /** Last durable position. */
  head(): Head {
    return this.#head;
  }

  /** Refuses whatever comes from now on; what is queued is still written. */
  end(detail: string): void {
    this.#ended ??= { code: "record_failed", detail };
  }

  /** True once nothing more will be written. */
  get ended(): boolean {
    return this.#ended !== undefined;
  }

  /** Resolves when all that was queued is answered. */
  async idle(): Promise<void> {
    while (this.#running) await this.#running;
  }

  async append(kind: string, body: Readonly<Record<string, unknown>>): Promise<Result<Recorded, AppendCode>> {
    if (this.#ended) return { ok: false, error: this.#ended };
    if (this.#queue.length >= MAX_QUEUED) return fail("record_failed", "Too many records wait to be written.");
    const copy = snapshot(body);
    if (copy === undefined) return fail("record_failed", "The record is longer than a line may be.");
    const answered = new Promise<Result<Recorded, AppendCode>>((answer, reject) => {
      this.#queue.push({ kind, body: copy, answer, reject });
    });
    this.#running ??= this.#run();
    return answered;
  }

  async #run(): Promise<void> {
    // Lets appends of the same turn join the first group.
    await Promise.resolve();
    while (this.#queue.length > 0) await this.#writeGroup();
    this.#running = undefined;
  }

  async #writeGroup(): Promise<void> {
    const group = await this.#sealGroup();
    const first = group[0];
    if (first === undefined) return;
    const lines = group.map(({ line }) => line);
    const written = await this.#guarded(() => this.#options.sink.append(first.head.writer, first.head.seq, lines));
    if (!written.ok) {
      for (const { entry } of group) entry.answer(written);
      this.#break(written.error);
      return;
    }
    this.#head = group.at(-1)?.head ?? this.#head;
    for (const { entry, head, line } of group) entry.answer(ok({ kind: entry.kind, ...positionOf(head), line }));
  }

  /** Seals one after the other, since each line names the digest of the line before. */
  async #sealGroup(): Promise<readonly Sealed[]> {
    const low = await this.#isLow();
    const group: Sealed[] = [];
    let bytes = 0;
    let head = this.#head;
    while (group.length < GROUP_LINES && bytes < GROUP_BYTES) {
      const entry = this.#queue.shift();
      if (entry === undefined) break;
      if (low && !this.#options.mayUseReserve(entry.kind)) {
        entry.answer(fail("record_failed", "The space left is kept for records that finish what was begun."));
        continue;
      }
      const sealed = await this.#seal(entry, head);
      if (sealed === undefined) continue;
      group.push(sealed);
      bytes += sealed.line.length;
      head = sealed.head;
    }
    return group;
  }

  /** Answers the entry itself, and gives undefined, when there can be no such record. The chain is none the worse for it. */
  async #seal(entry: Entry, after: Head): Promise<Sealed | undefined> {
    const { sealer, boot, nowMs, key } = this.#options;
    const { writer } = after;
    const seq = after.seq + 1;
    try {
      const at_ms = Math.floor(nowMs());
      if (at_ms / 1000 < key.nbf || at_ms / 1000 >= key.exp) {
        entry.answer(fail("record_failed", "The record key is not valid at this time."));
        return undefined;
      }
      const { kind, body } = entry;
      const claims: RecordClaims = { ver: 1, writer, boot, seq, prev: after.digest, at_ms, kind, body };
      const line = await sealer.seal(claims);
      // A line that the strict reader refuses would end the chain at the next start.
      const read = gate(line, RECORD_TYP);
      if (!read.ok) throw new TypeError(`append: no reader would take the record (${read.error.code})`);
      return { entry, line, head: { writer, boot, seq, digest: digestBytes(line), at_ms } };
    } catch (error) {
      if (error instanceof TypeError) entry.reject(error);
      else entry.answer(fail("record_failed", "The record could not be sealed."));
      return undefined;
    }
  }

  async #isLow(): Promise<boolean> {
    try {
      return (await this.#options.sink.low?.()) ?? false;
    } catch {
      return true;
    }
  }

  async #guarded(append: () => ReturnType<RecordSink["append"]>): ReturnType<RecordSink["append"]> {
    try {
      return await append();
    } catch {
      return fail("record_failed", "The record sink failed unexpectedly.");
    }
  }

  #break(failure: Failure<AppendCode>): void {
    this.#ended = failure;
    for (const entry of this.#queue.splice(0)) entry.answer({ ok: false, error: failure });
    this.#options.onBroken(failure);
  }
}

function positionOf({ writer, seq, digest, at_ms }: Head): Omit<Recorded, "kind" | "line"> {
  return { writer, seq, digest, at_ms };
}
