// `npm run bench [-- --seconds N --scenario NAME ...]`: the product beside the least that its guarantees cost, in one run.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { print } from "./print.mjs";
import { scenarios } from "./scenarios.mjs";

const root = process.env.SEB_ROOT ?? fileURLToPath(new URL("../..", import.meta.url)).replace(/\/$/, "");
const USAGE = `usage: npm run bench [-- --seconds N] [--scenario ${Object.keys(scenarios).join("|")}] [--concurrency 1,16] [--profile]`;

function readArguments() {
  const { values } = parseArgs({
    options: {
      seconds: { type: "string", default: "20" },
      scenario: { type: "string", multiple: true },
      concurrency: { type: "string", default: "1,16" },
      profile: { type: "boolean", default: false },
    },
  });
  const seconds = Number(values.seconds);
  const concurrency = values.concurrency.split(",").map(Number);
  const names = values.scenario ?? Object.keys(scenarios);
  const fits =
    seconds > 0 &&
    concurrency.every((n) => Number.isInteger(n) && n >= 1 && n <= 64) &&
    names.every((name) => Object.hasOwn(scenarios, name));
  if (!fits) throw new TypeError(USAGE);
  return { seconds, concurrency, names, profile: values.profile };
}

async function main() {
  let options;
  try {
    options = readArguments();
  } catch {
    console.error(USAGE);
    return 2;
  }
  mkdirSync(join(root, "reports"), { recursive: true });
  const folder = mkdtempSync(join(tmpdir(), "seb-bench-"));
  const report = {
    at: new Date().toISOString(),
    node: process.version,
    cpus: cpus().length,
    seconds: options.seconds,
    scenarios: [],
  };
  try {
    for (const name of options.names) {
      const result = await scenarios[name]({ root, folder: join(folder, name), ...options });
      report.scenarios.push({ name, ...result });
      print(name, result);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  writeFileSync(join(root, "reports", "bench.json"), `${JSON.stringify(report, undefined, 1)}\n`);
  console.log("\nreports/bench.json holds every number");
  return 0;
}

process.exitCode = await main();
