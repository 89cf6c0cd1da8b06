/**
 * @typedef {object} Mutant  `name`: unique, what is no longer checked; `guarantee`: name of the test file that must fail; `layer`: which of several
 *   checks is gone, "all" for all of them, "only" where there is one; `edits`; `filter`: the tests of that file to run, default all;
 *   `test`: another test file that proves this layer; `environment`: "real" for services over Redis and NATS, default one process.
 *
 * An edit names a condition by `file`, the function that it stands in (`name`, `Class.method`, `outer.inner`, the constant of a module, or
 * MODULE for code outside of any), and its own text, whose layout does not matter: an expression, a statement, or an element of a list.
 */

export { MODULE } from "../syntax.mjs";

const kind = (name) => (file, within, condition, code) => ({
  file,
  function: within,
  condition: condition.text ?? condition,
  inText: condition.text !== undefined,
  kind: name,
  ...(code === undefined ? {} : { code }),
});

/** The condition is false. */
export const never = kind("never");
/** The condition is true. */
export const always = kind("always");
/** The statement, or the element of a list, is left out. */
export const drop = kind("drop");
/** The piece becomes `code`: an expression, statements, elements. */
export const becomes = kind("becomes");
/** Statements or elements stand before the piece. */
export const before = kind("before");
/** Statements or elements stand after the piece. */
export const after = kind("after");

/** A condition in another language: Lua or CEL in a string or a template, or a file of settings, where the function is MODULE. */
export const text = (condition) => ({ text: condition });

/** The mutants of one guarantee: `[name, layer, edits, options]`. */
export function mutantsOf(guarantee, list) {
  return list.map(([name, layer, edits, options = {}]) => ({
    name,
    guarantee,
    layer,
    edits: Array.isArray(edits) ? edits : [edits],
    ...options,
  }));
}

/** The services run as three processes over Redis and NATS. */
export const REAL = { environment: "real" };

/** One test of the file in which each layer stands alone: the earlier ones are passed, then what they would have seen changes. */
export const alone = (filter) => ({ test: "every-layer-refuses-alone", filter });
