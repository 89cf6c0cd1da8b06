import type { RecordChain, Recorded } from "@seb/records";
import { fail, ok, type Result, validate } from "@seb/schema";
import type { Static, TSchema } from "typebox";
import { ApprovalBody, DeniedBody, IssuedBody, PendingBody } from "./bodies.js";
import { createJournalState, type JournalRecord, type JournalState } from "./state.js";

type Kind = JournalRecord["kind"];
type BodyOf<K extends Kind> = Extract<JournalRecord, { kind: K }>["body"];

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
    if (!record.ok) throw new Error(`the journal's record ${seq} cannot be read: ${record.error.pointer ?? ""}`);
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
      const valid = readRecord(kind, 0, body);
      if (!valid.ok) throw new TypeError(`a ${kind} record does not fit its schema: ${valid.error.pointer ?? ""}`);
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

function readRecord(kind: string, atMs: number, body: unknown): Result<JournalRecord | undefined> {
  switch (kind) {
    case "issued":
      return as(IssuedBody, body, (read) => ({ kind, atMs, body: read }));
    case "pending":
      return as(PendingBody, body, (read) => ({ kind, atMs, body: read }));
    case "approval":
      return as(ApprovalBody, body, (read) => ({ kind, atMs, body: read }));
    case "denied":
      return as(DeniedBody, body, (read) => ({ kind, atMs, body: read }));
    default:
      return ok(undefined);
  }
}

function as<S extends TSchema>(
  schema: S,
  body: unknown,
  make: (read: Static<S>) => JournalRecord,
): Result<JournalRecord | undefined, "records_broken"> {
  const valid = validate(schema, body, "records_broken");
  return valid.ok ? ok(make(valid.value)) : valid;
}
