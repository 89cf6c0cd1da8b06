#!/usr/bin/env node
// npm run mutants: removes each check of the product, one at a time, from a copy of the build; the test of its guarantee must fail.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { changedMutants } from "./changed.mjs";
import { MUTANTS } from "./checks/index.mjs";
import { fixEntries } from "./fix.mjs";
import { endAll } from "./jest.mjs";
import { readOptions, USAGE } from "./options.mjs";
import { Sources } from "./sources.mjs";
import { problemsOf, problemsOfList, standing } from "./standing.mjs";
import { runAll } from "./trial.mjs";

const root = fileURLToPath(new URL("../..", import.meta.url)).replace(/\/$/, "");
const say = (line) => process.stderr.write(`${line}\n`);

const describe = ({ name, guarantee, layer, test, environment = "embedded" }) => ({
  ...{ name, guarantee, layer, environment },
  ...(test ? { test } : {}),
});

function finish(results, began, json) {
  const bad = results.filter(({ verdict }) => verdict !== "killed");
  const report = { killed: results.length - bad.length, total: results.length, seconds: 0, results };
  report.seconds = Math.round((performance.now() - began) / 1000);
  mkdirSync(join(root, "reports"), { recursive: true });
  writeFileSync(join(root, "reports", "mutants.json"), `${JSON.stringify(report, undefined, 1)}\n`);
  if (json) process.stdout.write(`${JSON.stringify(report)}\n`);
  for (const { name, verdict, detail } of bad) say(`${verdict}: ${name}: ${detail}`);
  const guarantees = new Set(results.map(({ guarantee }) => guarantee)).size;
  const line = `${report.killed} of ${report.total} mutants of ${guarantees} guarantees were found by their tests, ${bad.length} were not (${report.seconds} s)`;
  (json ? say : console.log)(line);
  return bad.length === 0 && results.length > 0 ? 0 : 1;
}

/** The mutants that the options ask for. */
function choose(options, standings) {
  const { only = "", name = "" } = options;
  const asked = MUTANTS.filter((mutant) => mutant.guarantee.includes(only) && mutant.name.includes(name));
  if (options.changed === undefined) return asked;
  const { about, mutants } = changedMutants(root, options.changed, asked, standings);
  say(`${mutants.length} of ${asked.length} mutants have changed since ${about}`);
  return mutants;
}

function list(mutants) {
  for (const { name, guarantee, layer } of mutants) console.log(`${guarantee}\t${layer}\t${name}`);
  console.log(`${mutants.length} mutants of ${new Set(mutants.map(({ guarantee }) => guarantee)).size} guarantees`);
  return 0;
}

function check(mutants, problems) {
  for (const { name, verdict, detail } of problems) say(`${verdict}: ${name}: ${detail}`);
  console.log(`${mutants.length} mutants, ${problems.length} problems`);
  return problems.length === 0 ? 0 : 1;
}

/** Says which conditions have moved, and with `fix` writes it into their entries. */
function tellMoved(mutants, standings, fix) {
  const moved = mutants.flatMap((mutant) => (standings.get(mutant.name).moved ?? []).map((it) => ({ ...it, mutant })));
  for (const { mutant, edit, to } of moved)
    say(`moved: ${mutant.name}: \`${edit.condition}\` was in ${edit.file}, ${edit.function}; moved to ${to}`);
  if (!fix) return;
  const left = fixEntries(join(root, "e2e", "mutants", "checks"), moved);
  say(`${moved.length - left.length} of ${moved.length} entries of moved conditions were rewritten`);
  for (const { mutant } of left) say(`rewrite it by hand: ${mutant.name}`);
}

async function main() {
  const options = readOptions(process.argv.slice(2));
  const began = performance.now();
  const sources = new Sources(root);
  const standings = new Map(MUTANTS.map((mutant) => [mutant.name, standing(sources, mutant)]));
  const mutants = choose(options, standings);
  if (options.list) return list(mutants);
  tellMoved(mutants, standings, options.fix);
  const all = mutants.length === MUTANTS.length;
  const problems = [...problemsOf(root, mutants, standings), ...(all ? problemsOfList(root, MUTANTS) : [])];
  if (options.check || options.fix) return check(mutants, problems);
  if (mutants.length === 0 && options.changed !== undefined) return 0;
  const unusable = new Set(problems.map(({ name }) => name));
  const usable = mutants.filter(({ name }) => !unusable.has(name));
  const tried = usable.length === 0 ? [] : await runAll({ root, mutants: usable, standings, jobs: options.jobs, say });
  const results = tried.map(([mutant, result]) => ({ ...describe(mutant), ...result }));
  const listed = problems.map((problem) => ({
    ...describe(MUTANTS.find(({ name }) => name === problem.name) ?? { guarantee: problem.name, layer: "none" }),
    ...problem,
    ms: 0,
  }));
  return finish([...results, ...listed], began, options.json);
}

for (const signal of ["SIGINT", "SIGTERM"]) {
  process.once(signal, () => {
    endAll();
    process.exit(130);
  });
}
try {
  process.exitCode = await main();
} catch (error) {
  if (!(error instanceof TypeError)) throw error;
  say(`${error.message}\n${USAGE}`);
  process.exitCode = 2;
}
