// Tries mutants in copies of the build: the unchanged copy first, then each change by itself.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { copyBuild } from "./copy.mjs";
import { runTests } from "./jest.mjs";
import { put } from "./put.mjs";
import { testOf } from "./standing.mjs";

const secondsOf = (ms) => `${(ms / 1000).toFixed(1)} s`;
const environmentOf = ({ environment = "embedded" }) => environment;
/** Mutants of one key are judged by the same tests in the same environment. */
const keyOf = (mutant) => `${testOf(mutant)} ${environmentOf(mutant)}`;

/** Runs each item by one of the workers, in order. */
async function eachBy(workers, items, run) {
  const queue = [...items];
  await Promise.all(
    workers.map(async (worker) => {
      for (let item = queue.shift(); item !== undefined; item = queue.shift()) await run(worker, item);
    }),
  );
}

/** The tests that any of these mutants needs, as a pattern; undefined for all of the file. */
function filterOf(mutants) {
  const filters = mutants.map(({ filter }) => filter);
  return filters.includes(undefined) ? undefined : [...new Set(filters)].map((filter) => `(${filter})`).join("|");
}

/** The unchanged copy must pass: only then does a failure say something about the change. */
async function baseline({ root, copies, mutants, say }) {
  const keys = [...new Set(mutants.map(keyOf))];
  const broken = new Map();
  await eachBy(copies, keys, async (copy, key) => {
    const own = mutants.filter((mutant) => keyOf(mutant) === key);
    const test = testOf(own[0]);
    const environment = environmentOf(own[0]);
    const { verdict, failed, ms } = await runTests({ root, copy, test, environment, filter: filterOf(own) });
    say(`  ${verdict === "passed" ? "ok  " : "FAIL"}  unchanged: ${test} [${environment}] (${secondsOf(ms)})`);
    if (verdict !== "passed") broken.set(key, `${verdict}: ${failed.slice(0, 5).join("; ")}`);
  });
  return broken;
}

async function tryMutant(root, copy, mutant, files) {
  let restore;
  try {
    restore = await put(root, copy, files);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    return { verdict: "cannot-apply", detail: error.message, ms: 0 };
  }
  try {
    return judge(
      mutant,
      await runTests({ root, copy, test: testOf(mutant), environment: environmentOf(mutant), filter: mutant.filter }),
    );
  } finally {
    await restore();
  }
}

function judge(mutant, { verdict, failed, ms }) {
  if (verdict === "failed") return { verdict: "killed", detail: failed.slice(0, 3).join("; "), ms };
  if (verdict === "timed-out") return { verdict: "killed", detail: "the test did not end", ms };
  if (verdict === "passed") return { verdict: "survived", detail: "the test still passes", ms };
  const why = verdict === "nothing-ran" ? `no test is named like ${mutant.filter}` : "the services did not start";
  return { verdict: "says-nothing", detail: `${why} ${failed.slice(0, 2).join("; ")}`.trim(), ms };
}

/** Tries each mutant in one of these copies. Answers `[mutant, {verdict, detail, ms}]` for each. */
async function tryAll({ root, copies, mutants, standings, say }) {
  const broken = await baseline({ root, copies, mutants, say });
  const results = [];
  await eachBy(copies, mutants, async (copy, mutant) => {
    const failing = broken.get(keyOf(mutant));
    const result =
      failing === undefined
        ? await tryMutant(root, copy, mutant, standings.get(mutant.name).files)
        : { verdict: "baseline-fails", detail: `the unchanged build fails: ${failing}`, ms: 0 };
    results.push([mutant, result]);
    say(`  ${result.verdict.padEnd(14)} ${mutant.name} [${mutant.layer}] (${secondsOf(result.ms)}) ${result.detail}`);
  });
  return results;
}

/** Tries each mutant in one of `jobs` copies of the build, which are gone afterwards. Answers as `tryAll`. */
export async function runAll({ root, mutants, standings, jobs, say }) {
  const scratch = mkdtempSync(join(tmpdir(), "seb-mutants-"));
  const remove = () => rmSync(scratch, { recursive: true, force: true });
  process.once("exit", remove);
  try {
    const copies = Array.from({ length: jobs }, (_, at) => join(scratch, `copy-${at + 1}`));
    for (const copy of copies) copyBuild(root, copy);
    return await tryAll({ root, copies, mutants, standings, say });
  } finally {
    process.off("exit", remove);
    remove();
  }
}
