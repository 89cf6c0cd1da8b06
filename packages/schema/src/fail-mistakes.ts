import type { Code } from "./codes.js";
import { type Mistake, printable, sentenceOf } from "./mistake.js";
import { type Failure, fail } from "./result.js";

/** Most mistakes that a failure lists. */
export const MAX_MISTAKES = 100;

/**
 * A failure that lists mistakes: the detail is the first one's sentence and how many more there are, `mistakes` holds at most
 * {@link MAX_MISTAKES}, `facts.mistakes` counts all, and `facts.file`, `.field` and `.line` say where the first one is.
 *
 * @param total how many there are, where some were dropped before.
 */
export function failMistakes<C extends Code>(
  code: C,
  mistakes: readonly [Mistake, ...(readonly Mistake[])],
  total: number = mistakes.length,
): { readonly ok: false; readonly error: Failure<C> } {
  const [first] = mistakes;
  const more = total - 1;
  const facts = {
    ...(first.file === "" ? {} : { file: first.file }),
    ...(first.field === undefined ? {} : { field: printable(first.field, 300) }),
    ...(first.line === undefined ? {} : { line: first.line }),
    mistakes: total,
  };
  const detail = more === 0 ? sentenceOf(first) : `${sentenceOf(first)} And ${more} more.`;
  return fail(code, detail, { facts, mistakes: mistakes.slice(0, MAX_MISTAKES) });
}

/** The sentences of a failure's mistakes, and how many more there are; its detail when it lists none. */
export function sentencesOf({ detail, mistakes = [], facts }: Failure): readonly string[] {
  if (mistakes.length === 0) return [detail];
  const more = (typeof facts?.mistakes === "number" ? facts.mistakes : 0) - mistakes.length;
  return [...mistakes.map(sentenceOf), ...(more > 0 ? [`And ${more} more.`] : [])];
}
