#!/usr/bin/env node
// npm run mutants: removes each check of the product, one at a time, from a copy of the build; the test of its guarantee must fail.
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { MUTANTS } from "./checks/index.mjs";
import { copyBuild } from "./copy.mjs";
import { mutate, whyNot } from "./edits.mjs";
import { endAll, parses, runTests } from "./jest.mjs";

const root = fileURLToPath(new URL("../..", import.meta.url)).replace(/\/$/, "");
const USAGE = `usage: npm run mutants -- [--only GUARANTEE] [--name MUTANT] [--jobs N] [--list] [--check] [--json]
  --only   mutants of the guarantees whose name holds this text
  --name   mutants whose name holds this text
  --list   print the mutants and run nothing
  --check  only see that every text to be replaced stands exactly once in the build
  --json   the report as JSON on standard output (it is always written to reports/mutants.json)`;

const testFile = (name) => join(root, "e2e", "tests", `${name}.test.ts`);
const testOf = (mutant) => mutant.test ?? mutant.guarantee;
const say = (line) => process.stderr.write(`${line}\n`);

function readOptions() {
  const { values } = parseArgs({
    options: {
      only: { type: "string" },
      name: { type: "string" },
      jobs: { type: "string", default: "2" },
      list: { type: "boolean", default: false },
      check: { type: "boolean", default: false },
      json: { type: "boolean", default: false },
    },
  });
  const jobs = Number(values.jobs);
  if (!(Number.isInteger(jobs) && jobs >= 1 && jobs <= 16)) throw new TypeError("--jobs takes 1 to 16");
  return { ...values, jobs };
}

/** What is wrong with the list itself: texts that do not stand there once, names given twice, guarantees without a mutant. */
function problemsOfList(mutants, all) {
  const problems = [];
  for (const mutant of mutants) {
    for (const edit of mutant.edits) {
      const why = whyNot(root, edit);
      if (why !== undefined) problems.push({ name: mutant.name, verdict: "cannot-apply", detail: why });
    }
    if (!existsSync(testFile(testOf(mutant))))
      problems.push({ name: mutant.name, verdict: "no-test", detail: `${testOf(mutant)}.test.ts does not exist` });
  }
  const names = MUTANTS.map(({ name }) => name);
  for (const name of new Set(names.filter((it, at) => names.indexOf(it) !== at)))
    problems.push({ name, verdict: "cannot-apply", detail: "two mutants have this name" });
  if (all) problems.push(...withoutMutant());
  return problems;
}

function withoutMutant() {
  const has = new Set(MUTANTS.flatMap((mutant) => [mutant.guarantee, testOf(mutant)]));
  return readdirSync(join(root, "e2e", "tests"))
    .filter((file) => file.endsWith(".test.ts"))
    .map((file) => file.replace(/\.test\.ts$/, ""))
    .filter((guarantee) => !has.has(guarantee))
    .map((guarantee) => ({ name: guarantee, verdict: "no-mutant", detail: "the guarantee has no mutant" }));
}

/** Runs each item by one of the workers, in order. */
async function eachBy(workers, items, run) {
  const queue = [...items];
  await Promise.all(
    workers.map(async (worker) => {
      for (let item = queue.shift(); item !== undefined; item = queue.shift()) await run(worker, item);
    }),
  );
}

/** The unchanged copy must pass: only then does a failure say something about the change. */
async function baseline(workers, mutants) {
  const tests = [...new Set(mutants.map(testOf))];
  const broken = new Map();
  await eachBy(workers, tests, async (copy, test) => {
    const { verdict, failed, ms } = await runTests({ root, copy, test });
    say(`  ${verdict === "passed" ? "ok  " : "FAIL"}  unchanged: ${test} (${(ms / 1000).toFixed(1)} s)`);
    if (verdict !== "passed") broken.set(test, `${verdict}: ${failed.slice(0, 5).join("; ")}`);
  });
  return broken;
}

async function tryMutant(copy, mutant) {
  const restore = mutate(copy, mutant.edits);
  try {
    const unreadable = mutant.edits.find(({ file }) => !parses(join(copy, file)));
    if (unreadable) return { verdict: "cannot-apply", detail: `${unreadable.file} cannot be parsed any more`, ms: 0 };
    const { verdict, failed, ms } = await runTests({ root, copy, test: testOf(mutant), filter: mutant.filter });
    if (verdict === "failed") return { verdict: "killed", detail: failed.slice(0, 3).join("; "), ms };
    if (verdict === "timed-out") return { verdict: "killed", detail: "the test did not end", ms };
    if (verdict === "passed") return { verdict: "survived", detail: "the test still passes", ms };
    const why = verdict === "nothing-ran" ? `no test is named like ${mutant.filter}` : "the services did not start";
    return { verdict: "says-nothing", detail: `${why} ${failed.slice(0, 2).join("; ")}`.trim(), ms };
  } finally {
    restore();
  }
}

async function runAll(mutants, jobs) {
  const scratch = mkdtempSync(join(tmpdir(), "seb-mutants-"));
  process.once("exit", () => rmSync(scratch, { recursive: true, force: true }));
  const copies = Array.from({ length: jobs }, (_, at) => join(scratch, `copy-${at + 1}`));
  for (const copy of copies) copyBuild(root, copy);
  const broken = await baseline(copies, mutants);
  const results = [];
  await eachBy(copies, mutants, async (copy, mutant) => {
    const failing = broken.get(testOf(mutant));
    const result =
      failing === undefined
        ? await tryMutant(copy, mutant)
        : { verdict: "baseline-fails", detail: `the unchanged build fails: ${failing}`, ms: 0 };
    results.push({ ...describe(mutant), ...result });
    const seconds = `${(result.ms / 1000).toFixed(1)} s`;
    say(`  ${result.verdict.padEnd(14)} ${mutant.name} [${mutant.layer}] (${seconds}) ${result.detail}`);
  });
  return results;
}

const describe = ({ name, guarantee, layer, test }) => ({ name, guarantee, layer, ...(test ? { test } : {}) });

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

async function main() {
  const options = readOptions();
  const all = options.only === undefined && options.name === undefined;
  const mutants = MUTANTS.filter(
    ({ guarantee, name }) => guarantee.includes(options.only ?? "") && name.includes(options.name ?? ""),
  );
  if (options.list) {
    for (const { name, guarantee, layer } of mutants) console.log(`${guarantee}\t${layer}\t${name}`);
    console.log(`${mutants.length} mutants of ${new Set(mutants.map(({ guarantee }) => guarantee)).size} guarantees`);
    return 0;
  }
  const began = performance.now();
  const problems = problemsOfList(mutants, all);
  const unusable = new Set(problems.map(({ name }) => name));
  const usable = options.check ? [] : mutants.filter(({ name }) => !unusable.has(name));
  if (options.check) {
    for (const { name, verdict, detail } of problems) say(`${verdict}: ${name}: ${detail}`);
    console.log(`${mutants.length} mutants, ${problems.length} problems`);
    return problems.length === 0 ? 0 : 1;
  }
  const results = usable.length === 0 ? [] : await runAll(usable, options.jobs);
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
