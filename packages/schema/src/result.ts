import type { Code } from "./codes.js";
import type { Mistake } from "./mistake.js";

/**
 * An expected failure: a code of the closed table, where in the input it was found, and a sentence for a person.
 * `detail` never carries text that came from outside unless its alphabet and length were checked first.
 */
export interface Failure<C extends Code = Code> {
  readonly code: C;
  readonly detail: string;
  /** RFC 6901 pointer into the request body, when one field is to blame. */
  readonly pointer?: string;
  /** Machine-readable facts for records and problems: identifiers, numbers, digests; never secrets. */
  readonly facts?: Readonly<Record<string, string | number | boolean | readonly string[]>>;
  /** Mistakes in files, for the person who wrote them: printed and logged, but part of no record and no problem. */
  readonly mistakes?: readonly Mistake[];
}

/** Outcome of anything that can fail for an expected reason. What is thrown instead was not foreseen. */
export type Result<T, C extends Code = Code> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly error: Failure<C> };

/** Wraps a value as a success. */
export function ok<T>(value: T): { readonly ok: true; readonly value: T } {
  return { ok: true, value };
}

/** Builds a failure; `more` adds a pointer, facts or mistakes. */
export function fail<C extends Code>(
  code: C,
  detail: string,
  more: Pick<Failure, "pointer" | "facts" | "mistakes"> = {},
): { readonly ok: false; readonly error: Failure<C> } {
  return {
    ok: false,
    error: {
      code,
      detail,
      ...(more.pointer === undefined ? {} : { pointer: more.pointer }),
      ...(more.facts === undefined ? {} : { facts: more.facts }),
      ...(more.mistakes === undefined ? {} : { mistakes: more.mistakes }),
    },
  };
}
