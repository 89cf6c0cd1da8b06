import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** Kinds of records that a refusal, or an answer that is not final, can leave. */
export const KINDS = new Set([
  "refusal",
  "refusal-counts",
  "denied",
  "pending",
  "order",
  "decision",
  "outcome",
  "recall",
  "verification",
]);

/** True when the text names the code as a literal of its own. */
const quotes = (text, code) => new RegExp(`["'\`]${code}["'\`]`).test(text);

/**
 * What is wrong with the map: codes of the table without a row, rows without a code, tests that are not there or do not assert the code,
 * rows that say neither what is left nor why nothing is.
 *
 * @param {object} input  `codes`: the table; `map`: `{code: {test, leaves | none}}`; `root`: the checkout; `sources`: the product's sources as `[path, text]`.
 * @returns `[{code, what}]`
 */
export function blanks({ codes, map, root, sources }) {
  const found = [];
  const say = (code, what) => found.push({ code, what });
  for (const code of Object.keys(map)) if (!Object.hasOwn(codes, code)) say(code, "is not in the table of codes");
  for (const code of Object.keys(codes)) {
    if (!Object.hasOwn(map, code)) say(code, "has no row in map.json");
    else for (const what of wrongRow(map[code], code, root)) say(code, what);
    if (!isAnswered(code, sources)) say(code, "is answered nowhere in the product");
  }
  return found;
}

function wrongRow({ test, leaves, none }, code, root) {
  const wrong = [];
  if (typeof test !== "string" || !existsSync(join(root, test)))
    wrong.push(`names a test that does not exist: ${test}`);
  else if (!quotes(readFileSync(join(root, test), "utf8"), code)) wrong.push(`is not asserted in ${test}`);
  const unknown = (leaves ?? []).filter((kind) => !KINDS.has(kind));
  if (unknown.length > 0) wrong.push(`leaves records of no known kind: ${unknown.join(", ")}`);
  const says = [Array.isArray(leaves) && leaves.length > 0, typeof none === "string" && none.length > 20];
  if (says.filter(Boolean).length !== 1) wrong.push("says neither what it leaves nor why nothing");
  return wrong;
}

/** Kinds of revocation and the like are put together: `revoked_${kind}`. */
const MADE_OF = [/^revoked_/];

function isAnswered(code, sources) {
  if (MADE_OF.some((pattern) => pattern.test(code))) {
    const stem = `\`${code.split("_")[0]}_$\{`;
    if (sources.some(([, text]) => text.includes(stem))) return true;
  }
  return sources.some(([, text]) => quotes(text, code));
}
