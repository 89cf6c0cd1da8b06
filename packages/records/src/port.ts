import type { BodyOf, RecordKind, Result } from "@seb/schema";

/** Where the lines of chains can be read: all that a verifier needs. */
export interface RecordSource {
  readonly name: string;
  /** The writer's complete lines in order, from `fromSeq` (line n holds `seq` n - 1). A line over 256 KB comes cut, but still too long. */
  read(writer: string, fromSeq?: number): AsyncIterable<string>;
  /** Names of the writers that have a chain here. */
  writers(): Promise<readonly string[]>;
  /** Bytes behind the last complete line: the rest of a write that a crash cut short. 0 where the place writes whole lines only. */
  torn(writer: string): Promise<number>;
}

/** Where a chain's lines become durable. One writer per chain. */
export interface RecordSink extends RecordSource {
  /**
   * Takes the writer's chain for this sink alone, until `close`; claiming again changes nothing. Another live owner is `chain_fork`.
   * Answers the bytes of a torn tail, which the next `append` cuts off: until then the place stays as it was found.
   */
  claim(writer: string): Promise<Result<{ readonly tornBytes: number }, "record_failed" | "chain_fork">>;
  /**
   * Makes the lines durable at the end of the writer's chain. `expectedSeq` is the `seq` of the first line: an adapter whose
   * end stands elsewhere refuses with `chain_fork` and writes nothing. Resolves only after the data would survive a power cut.
   * After `record_failed` the sink is broken for good. A crash before the answer may leave some of the first lines.
   */
  append(
    writer: string,
    expectedSeq: number,
    lines: readonly string[],
  ): Promise<Result<void, "record_failed" | "chain_fork">>;
  /** True when the place has less free space than is kept for the records that finish what was begun. */
  low?(): Promise<boolean>;
  /** Gives up what was claimed. */
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
  /** The record as it stands in the chain, without its newline: what anyone can verify who has the trust file. */
  readonly line: string;
}

/** A writer's own chain. */
export interface RecordChain {
  readonly writer: string;
  readonly boot: number;
  /**
   * Resolves when the record is durable in the required sink. Concurrent appends are grouped. Rejects with a TypeError, and writes nothing,
   * when the body does not fit the schema of its kind: that is the caller's mistake, and no reader would take it.
   */
  append<K extends RecordKind>(kind: K, body: BodyOf<K>): Promise<Result<Recorded<K>, "record_failed" | "chain_fork">>;
  /** Bodies of earlier records of this instance, oldest first (verified when the chain was opened). */
  history(): AsyncIterable<{
    readonly kind: string;
    readonly seq: number;
    readonly boot: number;
    readonly at_ms: number;
    readonly body: Readonly<Record<string, unknown>>;
    readonly line: string;
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
