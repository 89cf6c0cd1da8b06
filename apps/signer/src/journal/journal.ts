import type { RecordChain, Recorded } from "@seb/records";
import { type BodyOf, fail, ok, type ReadBody, type Result, readBody, writtenBody } from "@seb/schema";
import { createJournalState, type JournalRecord, type JournalState } from "./state.js";

type Kind = JournalRecord["kind"];

/** The journal: durable first, state second. */
export interface Journal {
  readonly state: Omit<JournalState, "apply">;
  /**
   * Resolves when the record is durable and the state follows it. The state follows also when nobody waits any more: a deadline of the
   * caller ends the waiting, not the writing.
   */
  append<K extends Kind>(kind: K, body: BodyOf<K>): Promise<Result<Recorded<K>, "record_failed" | "chain_fork">>;
  /** Resolves when every append so far has ended, one way or the other. */
  settled(): Promise<void>;
  /** Why nothing can be written any more, if so. */
  broken(): "record_failed" | "chain_fork" | undefined;
}

/** Reads the chain's history into a state. @throws when a record of ours does not fit its schema: the journal must not be guessed at. */
export async function openJournal(chain: RecordChain): Promise<Journal> {
  const state = createJournalState();
  let broken: "record_failed" | "chain_fork" | undefined;
  const writing = new Set<Promise<unknown>>();

  for await (const { kind, at_ms: atMs, body, seq } of chain.history()) {
    const record = readRecord(kind, atMs, body);
    if (!record.ok) throw new Error(`the journal's record ${seq} cannot be read: ${record.error.detail}`);
    if (record.value) state.apply(record.value);
  }

  async function write<K extends Kind>(kind: K, body: BodyOf<K>) {
    if (broken) return fail(broken, "the journal cannot be written any more");
    let recorded: Result<Recorded<K>, "record_failed" | "chain_fork">;
    try {
      recorded = await chain.append(kind, body);
    } catch (thrown) {
      broken = "record_failed";
      throw thrown;
    }
    if (!recorded.ok) {
      // It may or may not have become durable: only reading the chain again, at the next start, can tell.
      broken = recorded.error.code;
      return recorded;
    }
    const record = readRecord(kind, recorded.value.at_ms, body);
    if (!record.ok || !record.value) throw new TypeError(`a ${kind} record does not fit its schema`);
    state.apply(record.value);
    return recorded;
  }

  return {
    state,
    append(kind, body) {
      const valid = writtenBody(kind, body);
      if (!valid.ok) throw new TypeError(valid.error.detail);
      const done = write(kind, body);
      const quiet = done.catch(() => undefined).finally(() => writing.delete(quiet));
      writing.add(quiet);
      return done;
    },
    async settled() {
      await Promise.all([...writing]);
    },
    broken: () => broken,
  };
}

/** A record of the journal; undefined for kinds that change no state, and for those that this version does not know. */
function readRecord(kind: string, atMs: number, body: unknown): Result<JournalRecord | undefined, "records_broken"> {
  const read = readBody(kind, body);
  if (!read.ok || read.value === undefined) return read.ok ? ok(undefined) : read;
  return ok(ofJournal(read.value, atMs));
}

function ofJournal(read: ReadBody, atMs: number): JournalRecord | undefined {
  switch (read.kind) {
    case "issued":
      return { kind: read.kind, atMs, body: read.body };
    case "pending":
      return { kind: read.kind, atMs, body: read.body };
    case "approval":
      return { kind: read.kind, atMs, body: read.body };
    case "denied":
      return { kind: read.kind, atMs, body: read.body };
    default:
      return undefined;
  }
}
