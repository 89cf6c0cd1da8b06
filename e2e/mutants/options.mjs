import { parseArgs } from "node:util";

export const USAGE = `usage: npm run mutants -- [--only GUARANTEE] [--name MUTANT] [--changed [BASE]] [--jobs N] [--list] [--check] [--fix] [--json]
  --only     mutants of the guarantees whose name holds this text
  --name     mutants whose name holds this text
  --changed  mutants whose sources, test or entry differ from this commit; without BASE, from where this branch left main
  --list     print the mutants and run nothing
  --check    only see that each condition stands in the sources, and say which have moved
  --fix      write into e2e/mutants/checks where the conditions that have moved stand now
  --json     the report as JSON on standard output (it is always written to reports/mutants.json)`;

const OPTIONS = {
  only: { type: "string" },
  name: { type: "string" },
  changed: { type: "string" },
  jobs: { type: "string", default: "2" },
  list: { type: "boolean", default: false },
  check: { type: "boolean", default: false },
  fix: { type: "boolean", default: false },
  json: { type: "boolean", default: false },
};

/** The options of the command line. `changed` is undefined, "" or a commit. Throws a TypeError that says what is wrong. */
export function readOptions(args) {
  const filled = args.flatMap((arg, at) => {
    const alone = arg === "--changed" && (args[at + 1] ?? "-").startsWith("-");
    return alone ? ["--changed="] : [arg];
  });
  const { values } = parseArgs({ args: filled, options: OPTIONS });
  const jobs = Number(values.jobs);
  if (!(Number.isInteger(jobs) && jobs >= 1 && jobs <= 16)) throw new TypeError("--jobs takes 1 to 16");
  return { ...values, jobs };
}
