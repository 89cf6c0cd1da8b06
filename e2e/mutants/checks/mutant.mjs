/**
 * @typedef {object} Edit  `file` relative to the built tree; `find` stands there exactly once; `replace` takes its place.
 * @typedef {object} Mutant  `name`; `guarantee`: name of the test file that must fail; `layer`: which of several checks is gone, "all" for
 *   all of them, "only" where there is one; `filter`: the tests of that file to run, default all; `test`: another test file that proves this layer.
 */

/** One edit. */
export const edit = (file, find, replace) => ({ file, find, replace });

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

/** One test of the file in which each layer stands alone: the earlier ones are passed, then what they would have seen changes. */
export const alone = (filter) => ({ test: "every-layer-refuses-alone", filter });
