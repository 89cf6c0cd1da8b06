import { digestBytes } from "@seb/canonical";
import { type ReadBody, type RecordClaims, type Result, readBody } from "@seb/schema";
import { type Trust, verifyRecord } from "@seb/verify-core";
import type { RecordSource } from "./port.js";
import type { Problem, ProblemKind, UnclosedBoot } from "./problem.js";
import { BOOT, CLOSE, GENESIS } from "./record-line.js";

/** Verifies one line by itself: signature, shape, key of the writer. */
export type LineVerifier = (line: string) => Promise<Result<{ readonly kid: string; readonly claims: RecordClaims }>>;

/** The verifier of lines under a trust file. */
export function lineVerifier(trust: Trust): LineVerifier {
  return (line) => verifyRecord(line, trust);
}

/** A line, what verification made of it, and whether it fits the line before. */
export interface Step {
  /** From 1. */
  readonly line: number;
  readonly digest: string;
  /** Absent when the line is not a record of this writer. */
  readonly record?: {
    readonly kid: string;
    readonly claims: RecordClaims;
    /** Absent for a kind that this build does not know, and for a body that does not fit. */
    readonly read?: ReadBody;
  };
  readonly problem?: Problem;
  /** With a boot record that follows a boot without `close` record. */
  readonly unclosed?: UnclosedBoot;
}

/** Where a walk stands. `prev` is undefined behind a line that was no record: the original's digest is not known then. */
interface Position {
  seq: number;
  prev: string | undefined;
  boot: number;
  closed: boolean;
}

const AHEAD = 32;

/** Verifies up to 32 lines at once, in order: signatures are checked on several threads. */
async function* verifyAhead(lines: AsyncIterable<string>, verify: LineVerifier) {
  const pending: { text: string; verified: ReturnType<LineVerifier> }[] = [];
  for await (const text of lines) {
    pending.push({ text, verified: verify(text) });
    const next = pending.length < AHEAD ? undefined : pending.shift();
    if (next) yield { text: next.text, verified: await next.verified };
  }
  for (const { text, verified } of pending) yield { text, verified: await verified };
}

function namesPrevious(read: ReadBody | undefined, at: Position): boolean {
  if (read?.kind !== BOOT) return false;
  const { previous } = read.body;
  if (at.seq === 0) return previous === null;
  return previous?.boot === at.boot && previous.seq === at.seq - 1 && previous.digest === at.prev;
}

function misfit(claims: RecordClaims, read: ReadBody | undefined, at: Position): ProblemKind | undefined {
  if (claims.seq !== at.seq) return claims.seq > at.seq ? "missing" : "out_of_order";
  if (at.prev === undefined) return undefined;
  if (claims.prev !== at.prev) return "link";
  if (claims.kind === BOOT) return claims.boot === at.boot + 1 && namesPrevious(read, at) ? undefined : "boot";
  if (claims.boot !== at.boot) return "boot";
  return at.closed ? "after_close" : undefined;
}

/** A boot record that cannot be read is reported as its body, not as a boot that does not follow. */
const placeFirst = (place: ProblemKind | undefined) => (place === "boot" ? undefined : place);

/** The boot before this record, when the record begins another one and the line before did not close. */
function unclosedBefore(claims: RecordClaims, at: Position, line: number): UnclosedBoot | undefined {
  const ended = claims.kind === BOOT && at.seq > 0 && at.prev !== undefined;
  return ended && !at.closed ? { boot: at.boot, line: line - 1, seq: at.seq - 1 } : undefined;
}

/**
 * Walks one chain from its first line. Every line is verified by itself and against the line before; after a problem the
 * walk goes on from what it found, so that one change is reported at its place and not for every line behind it.
 */
export async function* walkChain(source: RecordSource, writer: string, verify: LineVerifier): AsyncGenerator<Step> {
  const at: Position = { seq: 0, prev: GENESIS, boot: 0, closed: true };
  let line = 0;
  for await (const { text, verified } of verifyAhead(source.read(writer), verify)) {
    line += 1;
    const digest = digestBytes(text);
    if (!verified.ok || verified.value.claims.writer !== writer) {
      const why = verified.ok
        ? ({ what: "wrong_writer" } as const)
        : ({ what: "not_a_record", code: verified.error.code } as const);
      yield { line, digest, problem: { writer, line, seq: at.seq, ...why } };
      at.seq += 1;
      at.prev = undefined;
      continue;
    }
    const { claims, kid } = verified.value;
    const body = readBody(claims.kind, claims.body);
    const place = misfit(claims, body.ok ? body.value : undefined, at);
    const what = body.ok ? place : (placeFirst(place) ?? "body");
    const pointer = body.ok ? undefined : body.error.pointer;
    const seq = what === "missing" ? at.seq : claims.seq;
    const unclosed = what === undefined ? unclosedBefore(claims, at, line) : undefined;
    at.seq = claims.seq + 1;
    at.prev = digest;
    at.boot = claims.boot;
    at.closed = claims.kind === CLOSE;
    const record = { kid, claims, ...(body.ok && body.value !== undefined ? { read: body.value } : {}) };
    const problem = { writer, line, seq, ...(what === "body" && pointer !== undefined ? { pointer } : {}) };
    yield what === undefined
      ? { line, digest, record, ...(unclosed === undefined ? {} : { unclosed }) }
      : { line, digest, record, problem: { ...problem, what } };
  }
}
