// `npm test`: lint, types, unit, e2e twice. `test.mjs unit|e2e [jest args]` runs one part.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { lintChecks, runCheck, typeCheck } from "./checks.mjs";
import { endToEnd } from "./end-to-end.mjs";
import { runJest } from "./jest.mjs";
import { root, seconds } from "./process.mjs";
import { serverRows } from "./test-servers.mjs";

const [part, ...args] = process.argv.slice(2);

const lint = { title: "Lint and dependency rules", run: () => inTurn(lintChecks) };
const types = { title: "Types", run: () => inTurn([typeCheck]) };
const servers = { title: "Servers", run: serverRows };
const unit = {
  title: "Unit, property and contract tests",
  run: () => runJest({ name: "unit", config: "jest.config.mjs", args }),
};
const partsOf = {
  all: () => [lint, types, servers, unit, ...endToEnd(args)],
  unit: () => [unit],
  e2e: () => endToEnd(args),
};

async function inTurn(checks) {
  const rows = [];
  for (const check of checks) rows.push(await runCheck(check));
  return rows;
}

/** Writes the report and answers the exit code; the counts are the last line of standard output. */
function finish(rows, file) {
  mkdirSync(join(root, "reports"), { recursive: true });
  writeFileSync(join(root, "reports", file), `${JSON.stringify(rows, undefined, 1)}\n`);
  const count = (status) => rows.filter((row) => row.status === status).length;
  const failed = rows.filter(({ status }) => status === "failed");
  if (failed.length > 0) console.log("\nFailed:");
  for (const { suite, test } of failed) console.log(`  ${suite}: ${test}`);
  console.log(`\nreports/${file} holds every row`);
  console.log(`${count("passed")} passed, ${count("failed")} failed, ${count("skipped")} skipped`);
  // On a build server a skipped test is an unkept promise.
  const ci = (process.env.CI ?? "") !== "" && process.env.CI !== "false";
  return failed.length > 0 || rows.length === 0 || (ci && count("skipped") > 0) ? 1 : 0;
}

const parts = Object.hasOwn(partsOf, part ?? "all") ? partsOf[part ?? "all"]() : undefined;
if (parts !== undefined) {
  const rows = [];
  for (const { title, run } of parts) {
    console.log(`\n== ${title}`);
    const started = performance.now();
    const found = await run();
    rows.push(...found);
    console.log(`   ${found.length} in ${seconds(performance.now() - started)}`);
  }
  process.exitCode = finish(rows, part === undefined ? "tests.json" : `tests-${part}.json`);
} else {
  console.error(
    "usage: npm test | npm run test:unit [-- jest args] | npm run test:e2e [-- [--embedded | --real] jest args]",
  );
  process.exitCode = 2;
}
