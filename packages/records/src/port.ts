import type { Result } from "@seb/schema";

/** Where a chain's lines become durable. One writer per chain. */
export interface RecordSink {
  readonly name: string;
  /**
   * Makes the lines durable, all or none, at the end of the writer's chain. `expectedSeq` is the `seq` of the first line: an adapter whose
   * end stands elsewhere refuses with `chain_fork`. Resolves only after the data would survive a power cut.
   */
  append(
    writer: string,
    expectedSeq: number,
    lines: readonly string[],
  ): Promise<Result<void, "record_failed" | "chain_fork">>;
  /** The writer's lines in order, from `fromSeq`. */
  read(writer: string, fromSeq?: number): AsyncIterable<string>;
  /** Names of the writers that have a chain here. */
  writers(): Promise<readonly string[]>;
  close(): Promise<void>;
}

/** Head of a chain as copied to a second place every second. */
export interface Head {
  readonly writer: string;
  readonly boot: number;
  readonly seq: number;
  readonly digest: string;
  readonly at_ms: number;
}

/** The second place: appends heads, gives the last one per writer. */
export interface HeadStore {
  put(head: Head): Promise<Result<void, "record_failed">>;
  last(writer: string): Promise<Head | undefined>;
  all(): AsyncIterable<Head>;
}

/** Proof that a record is durable: made only by a chain's `append`. */
export interface Recorded<K extends string = string> {
  readonly kind: K;
  readonly writer: string;
  readonly seq: number;
  readonly digest: string;
  readonly at_ms: number;
}

/** A writer's own chain. */
export interface RecordChain {
  readonly writer: string;
  readonly boot: number;
  /** Resolves when the record is durable in the required sink. Concurrent appends are grouped. */
  append<K extends string>(
    kind: K,
    body: Readonly<Record<string, unknown>>,
  ): Promise<Result<Recorded<K>, "record_failed" | "chain_fork">>;
  /** Bodies of earlier records of this instance, oldest first (verified when the chain was opened). */
  history(): AsyncIterable<{
    readonly kind: string;
    readonly seq: number;
    readonly boot: number;
    readonly at_ms: number;
    readonly body: Readonly<Record<string, unknown>>;
  }>;
  /** Last durable position. */
  head(): Head;
  close(): Promise<void>;
}

/** Content-addressed store of evidence: erasable, while its digests stay in records. */
export interface EvidenceStore {
  /** Stores durably and answers `sha256:` of the bytes. */
  put(bytes: Uint8Array): Promise<Result<string, "record_failed">>;
  get(digest: string): Promise<Uint8Array | undefined>;
}
