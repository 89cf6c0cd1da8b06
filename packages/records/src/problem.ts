import type { Code } from "@seb/schema";

/**
 * What can be wrong at one place of a chain:
 * - `not_a_record`: the line does not verify (edited, inserted, torn apart, or signed by a key that may not); `code` says how
 * - `wrong_writer`: a record of another chain
 * - `missing`: the records from `seq` up to this line are gone
 * - `out_of_order`: a record that stood earlier: moved, doubled or inserted
 * - `link`: `prev` is not the digest of the line before, which was therefore edited or exchanged
 * - `boot`: the boot number or the boot record does not follow from the line before
 * - `after_close`: a record of a boot that had ended
 * - `head_mismatch`: a head copied to the second place names other bytes here
 * - `head_missing`: the chain ends before a copied head
 * - `heads_unreadable`: the second place is damaged, or contradicts itself
 * - `body`: a kind of record that this build knows, whose body does not fit its schema at `pointer`, or has a `ver` that it does not read
 * - `torn_tail`: bytes behind the last complete line
 */
export type ProblemKind =
  | "not_a_record"
  | "wrong_writer"
  | "missing"
  | "out_of_order"
  | "link"
  | "boot"
  | "after_close"
  | "head_mismatch"
  | "head_missing"
  | "heads_unreadable"
  | "body"
  | "torn_tail";

/**
 * A boot without `close` record before a later boot: a crash, or a cut. The later boot names whatever it found, so nothing in
 * the chain tells whether this boot wrote more. No problem by itself, but a gap that no later record and no head closes.
 */
export interface UnclosedBoot {
  readonly boot: number;
  /** Line and position of the last record of this boot that is there: behind it the boot is not proved. */
  readonly line: number;
  readonly seq: number;
}

/** One place where a chain is not what its writer wrote. */
export interface Problem {
  readonly writer: string;
  /** Line of the file, from 1. */
  readonly line: number;
  /** Position in the chain, from 0, where the verifier expected or found a record. */
  readonly seq: number;
  readonly what: ProblemKind;
  /** Why the line did not verify, for `not_a_record`. */
  readonly code?: Code;
  /** The member that does not fit, for `body`. */
  readonly pointer?: string;
}
