import type { RecordClaims } from "@seb/schema";
import type { Trust } from "@seb/verify-core";
import type { RecordSource } from "./port.js";
import type { Problem } from "./problem.js";
import { type LineVerifier, lineVerifier, walkChain } from "./walk.js";

/** A record whose signature, shape and writer were verified. */
export interface ReadRecord {
  /** Line of the writer's chain, from 1. */
  readonly line: number;
  readonly digest: string;
  readonly kid: string;
  readonly claims: RecordClaims;
}

export interface ReadOptions {
  readonly sink: RecordSource;
  readonly trust: Trust;
  /** Only this writer's chain; default all, one after the other by name. */
  readonly writer?: string;
  /** Lines that are no records, and places where the chain does not hold together. */
  readonly onProblem?: (problem: Problem) => void;
  /** Verifies single lines; default by `trust`. */
  readonly verifyLine?: LineVerifier;
}

/** Streams verified records in the order of their chains. A line that does not verify is left out and reported. */
export async function* readRecords(options: ReadOptions): AsyncGenerator<ReadRecord> {
  const verify = options.verifyLine ?? lineVerifier(options.trust);
  const writers = options.writer === undefined ? await options.sink.writers() : [options.writer];
  for (const writer of writers) {
    for await (const { line, digest, record, problem } of walkChain(options.sink, writer, verify)) {
      if (problem) options.onProblem?.(problem);
      if (record) yield { line, digest, ...record };
    }
  }
}
