import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { type HeldLock, takeLock } from "@seb/local";
import { fail, ok, type Result } from "@seb/schema";
import { admit } from "../admit.js";
import type { AdmissionStore, View, ViewReader, ViewWriter } from "../port.js";
import type { MutableState } from "../state.js";
import { heldEntry, planTakeOver, planView, planWord } from "../transitions.js";
import { type Disk, openDisk } from "./disk.js";
import { FileJournal, type Journal, load } from "./journal.js";

/** The shared store of one process: state in memory, every change durable in a folder before it is answered. */
export interface EmbeddedStore {
  readonly admission: AdmissionStore;
  readonly reader: ViewReader;
  readonly writer: ViewWriter;
  /** Waits for what is under way, then frees the folder. Calls after it answer `store_unavailable`. */
  close(): Promise<void>;
}

export interface EmbeddedStoreOptions {
  /** Made when absent; held exclusively while open. */
  readonly folder: string;
  /** Journal length in characters from which it is folded into the snapshot; 8 Mi by default. */
  readonly compactFrom?: number;
  /** Replaces the folder's file operations (tests of I/O errors). */
  readonly disk?: Disk;
}

/**
 * Opens the store under a new run id. What an earlier run left is kept, but refuses every take until a view is written that is pinned
 * to this run. Fails with `store_unavailable` when another process holds the folder or its content is damaged.
 */
export async function openEmbeddedStore(
  options: EmbeddedStoreOptions,
): Promise<Result<EmbeddedStore, "store_unavailable">> {
  const disk = options.disk ?? (await openDisk(options.folder));
  const taken = await takeLock(join(options.folder, "lock"));
  if (!("lock" in taken)) return fail("store_unavailable", "Another process has this store open.");
  const { lock } = taken;
  const opened = await start(disk, options.compactFrom);
  if (!opened.ok) {
    await lock.release();
    return opened;
  }
  const { state, journal } = opened.value;
  return ok({
    admission: admissionOf(state, journal),
    reader: readerOf(state, journal),
    writer: writerOf(state, journal),
    close: closer(journal, lock),
  });
}

interface Opened {
  readonly state: MutableState;
  readonly journal: Journal;
}

async function start(disk: Disk, compactFrom: number | undefined): Promise<Result<Opened, "store_unavailable">> {
  try {
    const loaded = await load(disk);
    if (!loaded.ok) return loaded;
    const journal = await FileJournal.open(disk, loaded.value, compactFrom);
    const marked = await journal.commit({ do: "run", run_id: randomUUID() });
    if (marked) return ok({ state: loaded.value.state, journal });
    await journal.close();
  } catch {
    // Reading or opening failed; the answer below says as much as the caller can use.
  }
  return unavailable();
}

const unavailable = () => fail("store_unavailable", "The store's folder cannot be read or written.");

function closer(journal: Journal, lock: HeldLock): () => Promise<void> {
  let closing: Promise<void> | undefined;
  const close = async () => {
    await journal.close();
    await lock.release();
  };
  return () => {
    closing ??= close();
    return closing;
  };
}

function admissionOf(state: MutableState, journal: Journal): AdmissionStore {
  const word = (kind: "note" | "close"): AdmissionStore["note"] => {
    return async (certId, fence, execution) => {
      if (journal.broken) return unavailable();
      const plan = planWord(state, kind, certId, fence, execution);
      if (!plan.ok) return plan;
      return (await journal.commit(plan.value)) ? ok(undefined) : unavailable();
    };
  };
  return {
    lookup: async (certId) => (journal.broken ? unavailable() : ok(state.executions.get(certId)?.execution)),
    async take(request) {
      if (journal.broken) return unavailable();
      const plan = admit(state, request);
      if (!plan.ok) return plan;
      const { fence, seq, deadline_ms } = plan.value.entry;
      return (await journal.commit(plan.value)) ? ok({ fence, seq, deadline_ms }) : unavailable();
    },
    async peek(request) {
      if (journal.broken) return unavailable();
      const plan = admit(state, request);
      if (!plan.ok) return plan;
      const { seq, deadline_ms } = plan.value.entry;
      return ok({ seq, deadline_ms });
    },
    open: async () => (journal.broken ? unavailable() : ok([...state.open.values()])),
    async takeOver(certId, fence, by, pin) {
      if (journal.broken) return unavailable();
      const plan = planTakeOver(state, certId, fence, by, pin);
      if (!plan.ok) return plan;
      return (await journal.commit(plan.value)) ? ok(plan.value.entry) : unavailable();
    },
    holds: async (certId, fence) =>
      journal.broken ? unavailable() : ok(heldEntry(state, certId, fence) !== undefined),
    note: word("note"),
    close: word("close"),
  };
}

function readerOf(state: MutableState, journal: Journal): ViewReader {
  return {
    async read() {
      if (journal.broken) return unavailable();
      const { view, run_id } = state;
      if (view === undefined || view.run_id !== run_id)
        return fail("store_discontinuity", "The store has no view of its present run.");
      return ok(view);
    },
  };
}

function writerOf(state: MutableState, journal: Journal): ViewWriter {
  return {
    runId: async () => (journal.broken ? unavailable() : ok(state.run_id)),
    current: async () => (journal.broken ? unavailable() : ok(state.view)),
    async write(view: View) {
      if (journal.broken) return unavailable();
      // A copy: what the caller holds may change later, what is stored may not.
      const plan = planView(state, structuredClone(view));
      if (!plan.ok) return plan;
      return (await journal.commit(plan.value)) ? ok(undefined) : unavailable();
    },
  };
}
