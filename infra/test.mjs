// `npm test`: lint, types, unit, e2e. `test.mjs unit|e2e [jest args]` runs one part.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { lintChecks, runCheck, typeCheck } from "./checks.mjs";
import { runJest } from "./jest.mjs";
import { root } from "./process.mjs";

const [part, ...args] = process.argv.slice(2);

const parts = {
  lint: { title: "Lint and dependency rules", run: () => inTurn(lintChecks) },
  types: { title: "Types", run: () => inTurn([typeCheck]) },
  unit: {
    title: "Unit, property and contract tests",
    run: () => runJest({ name: "unit", config: "jest.config.mjs", args }),
  },
  e2e: { title: "End to end", run: () => runJest({ name: "e2e", config: "infra/jest.e2e.config.mjs", args }) },
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

if (part === undefined || (Object.hasOwn(parts, part) && ["unit", "e2e"].includes(part))) {
  const rows = [];
  for (const name of part === undefined ? Object.keys(parts) : [part]) {
    console.log(`\n== ${parts[name].title}`);
    rows.push(...(await parts[name].run()));
  }
  process.exitCode = finish(rows, part === undefined ? "tests.json" : `tests-${part}.json`);
} else {
  console.error("usage: npm test | npm run test:unit [-- jest args] | npm run test:e2e [-- jest args]");
  process.exitCode = 2;
}
