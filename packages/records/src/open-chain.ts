import { type Failure, fail, ok, type Result } from "@seb/schema";
import type { Sealer } from "@seb/seal";
import { type Trust, verifyRecord } from "@seb/verify-core";
import { bodyToWrite, OpenChain } from "./chain.js";
import { type AppendCode, GroupWriter } from "./group-writer.js";
import { HeadCopier } from "./head-copier.js";
import type { Head, HeadStore, RecordChain, RecordSink } from "./port.js";
import type { Problem } from "./problem.js";
import { BOOT, CLOSE, GENESIS, RECORD_TYP } from "./record-line.js";
import { lineVerifier, walkChain } from "./walk.js";

/** Kinds that finish what was begun, or stop something: they may use the space that a sink keeps back. */
export const RESERVE_KINDS: readonly string[] = [
  BOOT,
  CLOSE,
  "outcome",
  "recall",
  "takeover",
  "resolution",
  "order",
  "rebuild",
  "refusal-counts",
];

export interface ChainOptions {
  readonly sink: RecordSink;
  /** Of the role `record`, for a key whose name is `writer`. */
  readonly sealer: Pick<Sealer<"record">, "role" | "kid" | "name" | "seal">;
  /** Must name the sealer's key, and the keys of all earlier records of the chain. */
  readonly trust: Trust;
  readonly writer: string;
  /** The second place. */
  readonly heads?: HeadStore;
  /** In milliseconds, default 1000. */
  readonly headEveryMs?: number;
  readonly clock: { nowMs(): number };
  /** Kinds that may use the sink's reserve; default {@link RESERVE_KINDS}. */
  readonly reserveKinds?: readonly string[];
  /** Called once, when the required sink failed: nothing can be recorded any more. */
  readonly onBroken?: (failure: Failure<AppendCode>) => void;
  /** Called for each head that could not be copied; the next second tries again. */
  readonly onHeadFailed?: (failure: Failure<"record_failed">) => void;
  /** Called after every 10,000 verified lines while the chain is opened. */
  readonly onProgress?: (progress: { readonly writer: string; readonly lines: number }) => void;
}

export type OpenCode = AppendCode | "records_broken" | "setting_invalid";

const PROGRESS_LINES = 10_000;

/** End of a chain; `head` is undefined while it is empty. */
interface End {
  readonly head: Head | undefined;
}

function brokenAt({ writer, line, seq, what, code, pointer }: Problem): Result<never, "records_broken"> {
  const facts = { writer, line, seq, what, ...(code === undefined ? {} : { why: code }) };
  const member = pointer === undefined ? "" : ` at ${pointer || "/"}`;
  return fail(
    "records_broken",
    `The chain of ${writer} is broken at line ${line}, position ${seq}: ${what}${member}.`,
    {
      facts,
    },
  );
}

/** The last copied head, "unreadable" when the second place is damaged. */
async function lastCopied(options: ChainOptions): Promise<Head | undefined | "unreadable"> {
  try {
    return await options.heads?.last(options.writer);
  } catch {
    return "unreadable";
  }
}

/** Verifies every line from the first on, and that the last copied head is among them. */
async function verifyExisting(options: ChainOptions): Promise<Result<End, "records_broken">> {
  const { sink, writer, trust, onProgress } = options;
  const copied = await lastCopied(options);
  if (copied === "unreadable") return brokenAt({ writer, line: 1, seq: 0, what: "heads_unreadable" });
  let head: Head | undefined;
  let lines = 0;
  for await (const { line, digest, record, problem } of walkChain(sink, writer, lineVerifier(trust))) {
    if (problem) return brokenAt(problem);
    if (record === undefined) throw new Error("a line without record and without problem");
    const { boot, seq, at_ms } = record.claims;
    head = { writer, boot, seq, digest, at_ms };
    lines = line;
    if (copied?.seq === seq && copied.digest !== digest) return brokenAt({ writer, line, seq, what: "head_mismatch" });
    if (line % PROGRESS_LINES === 0) onProgress?.({ writer, lines: line });
  }
  if (copied !== undefined && copied.seq >= lines)
    return brokenAt({ writer, line: lines + 1, seq: lines, what: "head_missing" });
  return ok({ head });
}

function recordKey({ sealer, trust, writer }: ChainOptions) {
  const key = trust.find(RECORD_TYP, sealer.kid);
  if (sealer.role !== "record" || sealer.name !== writer || key?.name !== writer) return undefined;
  return key;
}

/** A sink through which only lines pass that the trust file verifies: a key mounted by mistake must not write the first one. */
function verifiedFirst(sink: RecordSink, trust: Trust): RecordSink {
  return {
    name: sink.name,
    read: (writer, fromSeq) => sink.read(writer, fromSeq),
    writers: () => sink.writers(),
    torn: (writer) => sink.torn(writer),
    claim: (writer) => sink.claim(writer),
    append: async (writer, expectedSeq, lines) => {
      for (const line of lines) {
        const verified = await verifyRecord(line, trust);
        if (!verified.ok) return fail("record_failed", "The record key is not the one that the trust file names.");
      }
      return sink.append(writer, expectedSeq, lines);
    },
    close: () => sink.close(),
  };
}

/**
 * Opens a writer's chain: claims it, verifies it from its first line (signatures, links, the last copied head) and records
 * the boot with the head that it found and the bytes of a torn tail that it cut.
 *
 * Refused with `chain_fork` while another process writes it, `records_broken` (facts: line, seq, what) when it is not what
 * was written, `record_failed` when the sink fails, `setting_invalid` when the trust file does not give this writer this key.
 * The caller closes chain, then sink.
 */
export async function openChain(options: ChainOptions): Promise<Result<RecordChain, OpenCode>> {
  const { sink, writer, heads, sealer, trust, clock } = options;
  const key = recordKey(options);
  if (key === undefined) return fail("setting_invalid", "The trust file has no record key like that for this writer.");
  const claimed = await sink.claim(writer);
  if (!claimed.ok) return claimed;
  const existing = await verifyExisting(options);
  if (!existing.ok) return existing;

  const previous = existing.value.head;
  const boot = (previous?.boot ?? 0) + 1;
  const reserve = options.reserveKinds ?? RESERVE_KINDS;
  const common = {
    sealer,
    boot,
    key: { nbf: key.nbf, exp: key.exp },
    nowMs: () => clock.nowMs(),
    mayUseReserve: (kind: string) => kind === BOOT || kind === CLOSE || reserve.includes(kind),
  };
  const before = previous ?? { writer, boot: 0, seq: -1, digest: GENESIS, at_ms: 0 };
  const starter = new GroupWriter({ ...common, sink: verifiedFirst(sink, trust), head: before, onBroken: () => {} });
  const body = bodyToWrite(BOOT, {
    previous: previous ? { boot: previous.boot, seq: previous.seq, digest: previous.digest } : null,
    torn_bytes: claimed.value.tornBytes,
  });
  const booted = await starter.append(BOOT, body);
  if (!booted.ok) return booted;

  const onBroken = options.onBroken ?? (() => {});
  const group = new GroupWriter({ ...common, sink, head: starter.head(), onBroken });
  const copier = new HeadCopier(heads, () => group.head(), options.onHeadFailed ?? (() => {}));
  await copier.copy();
  copier.start(options.headEveryMs ?? 1000);
  return ok(new OpenChain(sink, group, copier));
}
