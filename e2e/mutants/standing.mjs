// What a mutant changes in the sources as they are now, and what is wrong with the list of mutants.
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { edited } from "./edit.mjs";
import { find } from "./find.mjs";

export const testOf = (mutant) => mutant.test ?? mutant.guarantee;

/** Finds all edits of a mutant: `{files: Map<file, text>, moved: {edit, to}[]}`, or `{why}` when one cannot be made. */
export function standing(sources, mutant) {
  const bySource = new Map();
  const moved = [];
  for (const edit of mutant.edits) {
    const { place, why, moved: to } = find(sources, edit);
    if (why !== undefined) return { why };
    if (to !== undefined) moved.push({ edit, place, to });
    bySource.set(place.source, [...(bySource.get(place.source) ?? []), [place, edit]]);
  }
  try {
    const files = new Map([...bySource].map(([source, edits]) => [source.file, edited(source, edits)]));
    return { files, moved };
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    return { why: error.message };
  }
}

/** What is wrong with each of these mutants by itself, as `{name, verdict, detail}`. */
export function problemsOf(root, mutants, standings) {
  return mutants.flatMap((mutant) => {
    const { name } = mutant;
    const { why, moved = [] } = standings.get(name);
    const test = testOf(mutant);
    const problems = why === undefined ? [] : [{ name, verdict: "cannot-apply", detail: why }];
    // The same words elsewhere may be another check: a person says that it is this one, by --fix.
    for (const { to } of moved)
      problems.push({
        name,
        verdict: "moved",
        detail: `its condition stands in ${to} now, or is gone: look, then run --fix`,
      });
    if (!existsSync(join(root, "e2e", "tests", `${test}.test.ts`)))
      problems.push({ name, verdict: "no-test", detail: `${test}.test.ts does not exist` });
    return problems;
  });
}

/** What is wrong with the whole list: names given twice, guarantees without a mutant. */
export function problemsOfList(root, mutants) {
  const names = mutants.map(({ name }) => name);
  const twice = new Set(names.filter((it, at) => names.indexOf(it) !== at));
  const has = new Set(mutants.flatMap((mutant) => [mutant.guarantee, testOf(mutant)]));
  const without = readdirSync(join(root, "e2e", "tests"))
    .filter((file) => file.endsWith(".test.ts"))
    .map((file) => file.replace(/\.test\.ts$/, ""))
    .filter((guarantee) => !has.has(guarantee));
  return [
    ...[...twice].map((name) => ({ name, verdict: "cannot-apply", detail: "two mutants have this name" })),
    ...without.map((name) => ({ name, verdict: "no-mutant", detail: "the guarantee has no mutant" })),
  ];
}
