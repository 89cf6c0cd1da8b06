/** Whose fault a refusal is: the caller's, the service's, the target's, or nobody's (a pending answer). */
export type Fault = "client" | "service" | "target" | "none";

/**
 * What may be tried again: `never` this request as it is; `same` the very same request later;
 * `new-proof` the same request with a fresh proof; `new-certificate` after asking the signer again.
 */
export type Retry = "never" | "same" | "new-proof" | "new-certificate";

/** One row of the table of codes. */
export interface CodeEntry {
  /** HTTP status of the problem (RFC 9457). */
  readonly status: number;
  readonly fault: Fault;
  readonly retry: Retry;
  /** Exit code of the command lines: 0 ok, 1 refused, 2 wrong use, 3 could not ask, 4 pending, 5 unknown. */
  readonly exit: 0 | 1 | 2 | 3 | 4 | 5;
  /** What happened, in one sentence. */
  readonly title: string;
  /** What the reader can do next. */
  readonly remedy: string;
}

/** Shorthand that keeps the tables readable: one row a line. */
export function row(
  status: number,
  fault: Fault,
  retry: Retry,
  exit: CodeEntry["exit"],
  title: string,
  remedy: string,
): CodeEntry {
  return { status, fault, retry, exit, title, remedy };
}
