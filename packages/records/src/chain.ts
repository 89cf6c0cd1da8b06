import { type BodyOf, isRecordKind, ok, type RecordKind, type Result, writtenBody } from "@seb/schema";
import type { AppendCode, GroupWriter } from "./group-writer.js";
import type { HeadCopier } from "./head-copier.js";
import { readHistory } from "./history.js";
import type { Head, RecordChain, Recorded, RecordSource } from "./port.js";
import { BOOT, CLOSE } from "./record-line.js";

/** The body with its `ver`. @throws TypeError when it does not fit the schema of its kind. */
export function bodyToWrite<K extends RecordKind>(kind: K, body: BodyOf<K>): Readonly<Record<string, unknown>> {
  const written = isRecordKind(kind) ? writtenBody(kind, body) : undefined;
  if (written === undefined) throw new TypeError("append: a kind of record that has no schema");
  if (!written.ok) throw new TypeError(`append: ${written.error.detail}`);
  return written.value;
}

/** A chain whose boot is recorded. */
export class OpenChain implements RecordChain {
  readonly writer: string;
  readonly boot: number;
  readonly #sink: RecordSource;
  readonly #group: GroupWriter;
  readonly #copier: HeadCopier;
  #closed: Promise<void> | undefined;

  constructor(sink: RecordSource, group: GroupWriter, copier: HeadCopier) {
    this.writer = group.head().writer;
    this.boot = group.head().boot;
    this.#sink = sink;
    this.#group = group;
    this.#copier = copier;
  }

  async append<K extends RecordKind>(kind: K, body: BodyOf<K>): Promise<Result<Recorded<K>, AppendCode>> {
    if (kind === BOOT || kind === CLOSE) throw new TypeError(`append: only the chain itself writes ${kind}`);
    const recorded = await this.#group.append(kind, bodyToWrite(kind, body));
    return recorded.ok ? ok({ ...recorded.value, kind }) : recorded;
  }

  history() {
    return readHistory(this.#sink, this.head());
  }

  head(): Head {
    return this.#group.head();
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    const last = this.#group.ended ? undefined : this.#group.append(CLOSE, bodyToWrite(CLOSE, {}));
    this.#group.end("The chain is closed.");
    await last;
    await this.#group.idle();
    await this.#copier.stop();
  }
}
