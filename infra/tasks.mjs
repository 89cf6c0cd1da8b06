import { existsSync } from "node:fs";
import { join } from "node:path";
import { install } from "./install.mjs";
import { exclusively } from "./lock.mjs";
import { root, runChild, say } from "./process.mjs";
import { build } from "./turbo.mjs";

/** What each root script runs after the installation. `script` is relative to the repository; `build`: does it need `dist/`? */
const tasks = {
  setup: { about: "install the locked dependencies and build" },
  build: { about: "build every workspace that changed (--force: all)" },
  lint: { about: "format, lint, dependency rules, generated docs", build: true, script: "infra/lint.mjs" },
  types: { about: "type check everything at once", script: "node_modules/typescript/bin/tsc", args: ["--noEmit"] },
  test: { about: "lint, types, unit and e2e tests; writes reports/tests.json", build: true, script: "infra/test.mjs" },
  "test:unit": { about: "unit, property and contract tests", script: "infra/test.mjs", args: ["unit"] },
  "test:e2e": {
    about: "black-box tests over the build, in both environments",
    build: true,
    script: "infra/test.mjs",
    args: ["e2e"],
  },
  demo: { about: "the whole story in one process", build: true, script: "apps/dev/dist/demo/main.js" },
  mutants: { about: "remove each check, see its test fail", build: true, script: "e2e/mutants/run.mjs" },
  codes: { about: "each code, what provokes it, what it leaves", build: true, script: "e2e/codes/run.mjs" },
  "fuzz:http": { about: "random requests against the services", build: true, script: "e2e/fuzz/run.mjs" },
  "ci:seed": { about: "the pipeline of the seed document, as written", build: true, script: "e2e/seed/run.mjs" },
  servers: { about: "real Redis, NATS and Kubernetes to play with", build: true, script: "infra/dev-servers/play.mjs" },
  bench: { about: "the product beside the least its guarantees cost", build: true, script: "e2e/bench/run.mjs" },
  "soak:signer": {
    about: "thousands of certificates by one signer process",
    build: true,
    script: "infra/soak-signer.mjs",
  },
  "on-node": { about: "a task on another version of Node: -- 22 test", script: "infra/on-node.mjs" },
  docs: { about: "write the generated docs (--check: compare)", build: true, script: "infra/docs.mjs" },
  fix: {
    about: "format and apply safe fixes",
    script: "node_modules/@biomejs/biome/bin/biome",
    args: ["check", "--write"],
  },
};

/** Prepares this checkout and runs one task. Answers the exit code: the task's own; 1 when preparing failed; 2 for wrong use. */
export async function main([name, ...args]) {
  const task = Object.hasOwn(tasks, name ?? "") ? tasks[name] : undefined;
  if (task === undefined) {
    if (name !== undefined) say(`there is no task "${name}"`);
    const lines = Object.entries(tasks).map(([key, { about }]) => `  npm run ${key.padEnd(11)} ${about}`);
    process.stderr.write(`Tasks:\n${lines.join("\n")}\n`);
    return 2;
  }
  const needsBuild = name === "build" || name === "setup" || task.build === true;
  const prepared = await exclusively(async () => {
    const code = await install();
    return code === 0 && needsBuild ? build({ force: name === "build" && args.includes("--force") }) : code;
  });
  if (prepared !== 0) return prepared;
  if (task.script === undefined) return 0;
  const script = join(root, task.script);
  if (!existsSync(script)) {
    say(`${name}: ${task.script} does not exist in this checkout`);
    return 1;
  }
  return runChild(process.execPath, [script, ...(task.args ?? []), ...args]);
}
