import { isRecordKind } from "@seb/schema";
import type { Trust } from "@seb/verify-core";
import type { Head, HeadStore, RecordSource } from "./port.js";
import type { Problem, UnclosedBoot } from "./problem.js";
import { CLOSE } from "./record-line.js";
import { type LineVerifier, lineVerifier, type Step, walkChain } from "./walk.js";

/**
 * `verified`: every record from the first to the `close` of the last boot is there, as written, every boot was closed, and
 * the second place proves the end. `tail_not_proved`: what is there is sound, but records behind the last copied head may have
 * been cut off (or the writer is still running), or the end of a boot that was never closed; a crash leaves that for good.
 * `broken`: see the problems.
 */
export type Verdict = "verified" | "tail_not_proved" | "broken";

export interface ChainReport {
  readonly writer: string;
  /** Lines that are records of this writer. */
  readonly records: number;
  readonly verdict: Verdict;
  /** Last copied head, up to which nothing can be missing unnoticed. */
  readonly provedTo: Head | undefined;
  /** True when the chain ends with a `close` record that the second place holds, and nothing behind it. */
  readonly endProved: boolean;
  /** The first 100 boots that ended without `close` record before a later one began; with any, the chain is never `verified`. */
  readonly unclosedBoots: readonly UnclosedBoot[];
  readonly unclosedBootCount: number;
  /** Kinds of records that this build does not know, and how many of each: they are signed and linked, their bodies were passed over. */
  readonly unknownKinds: Readonly<Record<string, number>>;
  /** The first 100 problems, by line. */
  readonly problems: readonly Problem[];
  readonly problemCount: number;
}

export interface Report {
  /** The worst of the chains; `tail_not_proved` when there are none. */
  readonly verdict: Verdict;
  readonly chains: readonly ChainReport[];
}

export interface VerifyOptions {
  readonly sink: RecordSource;
  /** The second place. Without it nothing proves a chain's end. */
  readonly heads?: Pick<HeadStore, "all">;
  readonly trust: Trust;
  /** Only these chains; default all that the sink or the heads name. A chain that neither knows is broken. */
  readonly writers?: readonly string[];
  readonly onProblem?: (problem: Problem) => void;
  /** Called after every 10,000 lines of a chain. */
  readonly onProgress?: (progress: { readonly writer: string; readonly lines: number }) => void;
  /** Verifies single lines; default by `trust`. For callers that keep what they verified. */
  readonly verifyLine?: LineVerifier;
}

interface CopiedHeads {
  readonly digests: Map<number, string>;
  last: Head | undefined;
  /** First position for which two heads name different bytes. */
  conflictAt?: number;
}

const MAX_PROBLEMS = 100;
const MAX_UNCLOSED = 100;
const MAX_UNKNOWN_KINDS = 100;
const PROGRESS_LINES = 10_000;

async function readHeads(store: Pick<HeadStore, "all"> | undefined) {
  const byWriter = new Map<string, CopiedHeads>();
  try {
    for await (const head of store?.all() ?? []) {
      const copied = byWriter.get(head.writer) ?? { digests: new Map<number, string>(), last: undefined };
      byWriter.set(head.writer, copied);
      if ((copied.digests.get(head.seq) ?? head.digest) !== head.digest) copied.conflictAt ??= head.seq;
      copied.digests.set(head.seq, head.digest);
      if (copied.last === undefined || head.seq >= copied.last.seq) copied.last = head;
    }
    return { byWriter, unreadable: false };
  } catch {
    return { byWriter, unreadable: true };
  }
}

/** Collects one chain's problems and what the verdict needs. */
class Examination {
  readonly problems: Problem[] = [];
  problemCount = 0;
  readonly unclosedBoots: UnclosedBoot[] = [];
  unclosedBootCount = 0;
  readonly unknownKinds = new Map<string, number>();
  records = 0;
  lines = 0;
  nextSeq = 0;
  #end: Step | undefined;

  constructor(
    readonly writer: string,
    readonly heads: CopiedHeads | undefined,
    readonly onProblem: ((problem: Problem) => void) | undefined,
  ) {}

  report(problem: Problem): void {
    this.problemCount += 1;
    if (this.problems.length < MAX_PROBLEMS) this.problems.push(problem);
    this.onProblem?.(problem);
  }

  take(step: Step): void {
    this.lines = step.line;
    this.#end = step;
    if (step.problem) this.report(step.problem);
    if (step.unclosed) {
      this.unclosedBootCount += 1;
      if (this.unclosedBoots.length < MAX_UNCLOSED) this.unclosedBoots.push(step.unclosed);
    }
    if (step.record === undefined) {
      this.nextSeq += 1;
      return;
    }
    const { seq, kind } = step.record.claims;
    this.records += 1;
    // By how many names is the writer's choice, which is bounded like all that is kept.
    if (!isRecordKind(kind) && (this.unknownKinds.size < MAX_UNKNOWN_KINDS || this.unknownKinds.has(kind)))
      this.unknownKinds.set(kind, (this.unknownKinds.get(kind) ?? 0) + 1);
    this.nextSeq = seq + 1;
    const copied = this.heads?.digests.get(seq) ?? step.digest;
    if (!step.problem && copied !== step.digest)
      this.report({ writer: this.writer, line: step.line, seq, what: "head_mismatch" });
  }

  finish(tornBytes: number, headsUnreadable: boolean): ChainReport {
    const place = { writer: this.writer, line: this.lines + 1, seq: this.nextSeq };
    const last = this.heads?.last;
    if (last !== undefined && last.seq >= this.nextSeq) this.report({ ...place, what: "head_missing" });
    const conflictAt = this.heads?.conflictAt;
    if (conflictAt !== undefined)
      this.report({ writer: this.writer, line: conflictAt + 1, seq: conflictAt, what: "heads_unreadable" });
    if (headsUnreadable) this.report({ ...place, what: "heads_unreadable" });
    const sound = this.problemCount === 0;
    if (tornBytes > 0) this.report({ ...place, what: "torn_tail" });
    const closed = this.#end?.record?.claims.kind === CLOSE && last?.digest === this.#end.digest;
    const endProved = closed && tornBytes === 0;
    const proved = endProved && this.unclosedBootCount === 0;
    const verdict = !sound ? "broken" : proved ? "verified" : "tail_not_proved";
    const problems = [...this.problems].sort((a, b) => a.line - b.line);
    const { writer, records, problemCount, unclosedBoots, unclosedBootCount } = this;
    const unclosed = { unclosedBoots, unclosedBootCount };
    const unknownKinds = Object.fromEntries(this.unknownKinds);
    return { writer, records, verdict, provedTo: last, endProved, ...unclosed, unknownKinds, problems, problemCount };
  }
}

function worst(chains: readonly ChainReport[]): Verdict {
  if (chains.some(({ verdict }) => verdict === "broken")) return "broken";
  return chains.length > 0 && chains.every(({ verdict }) => verdict === "verified") ? "verified" : "tail_not_proved";
}

/**
 * Verifies chains line by line (any length, constant memory but for the copied heads) and compares them with the second
 * place. Every edit, deletion, exchange, insertion and cut is reported by line and position; a cut behind the last copied
 * head leaves no trace and gives `tail_not_proved`; so does every boot without `close` record, however the chain went on.
 *
 * A chain that is being written gives `tail_not_proved` at best. Rejects only when the sink cannot be read.
 */
export async function verifyChains(options: VerifyOptions): Promise<Report> {
  const { sink, onProblem, onProgress } = options;
  const verify = options.verifyLine ?? lineVerifier(options.trust);
  // Before the chains: a head copied while they are read would name a record that was not there yet.
  const heads = await readHeads(options.heads);
  const present = await sink.writers();
  const writers = options.writers ?? [...new Set([...present, ...heads.byWriter.keys()])].sort();
  const chains: ChainReport[] = [];
  for (const writer of writers) {
    const examination = new Examination(writer, heads.byWriter.get(writer), onProblem);
    for await (const step of walkChain(sink, writer, verify)) {
      examination.take(step);
      if (step.line % PROGRESS_LINES === 0) onProgress?.({ writer, lines: step.line });
    }
    if (!present.includes(writer) && !heads.byWriter.has(writer))
      examination.report({ writer, line: 1, seq: 0, what: "missing" });
    chains.push(examination.finish(await sink.torn(writer), heads.unreadable));
  }
  return { verdict: worst(chains), chains };
}
