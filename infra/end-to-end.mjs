import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { runJest } from "./jest.mjs";
import { root } from "./process.mjs";
import { withoutServers } from "./test-servers.mjs";

const folder = join(root, "e2e", "tests");
const CONFIG = "infra/jest.e2e.config.mjs";
/** Behind the suite's name where the guarantee was shown over three processes. */
const REAL_SUFFIX = " [real]";
const environmentOf = { "--embedded": "embedded", "--real": "real" };

/** Test files that start servers of their own, whatever the environment is: they run once, with the real one. */
export function filesOfOneEnvironment() {
  const names = readdirSync(folder).filter((name) => name.endsWith(".test.ts"));
  return names.filter((name) => !readFileSync(join(folder, name), "utf8").includes("startEnvironment("));
}

/** Which environments are asked for, and what is left for jest: all, unless an option or SEB_ENV names one. */
export function askedFor(args, env = process.env) {
  const named = args.flatMap((arg) => (Object.hasOwn(environmentOf, arg) ? [environmentOf[arg]] : []));
  const rest = args.filter((arg) => !Object.hasOwn(environmentOf, arg));
  if (named.length === 0 && ["embedded", "real"].includes(env.SEB_ENV)) named.push(env.SEB_ENV);
  return { environments: named.length === 0 ? ["embedded", "real"] : [...new Set(named)], rest };
}

async function embedded(args, mayBeEmpty) {
  const ignored = [
    "/node_modules/",
    ...filesOfOneEnvironment().map((name) => `/tests/${name.replaceAll(".", "\\.")}$`),
  ];
  // Followed by an option of no effect, because it takes every plain argument up to the next one.
  const own = [...ignored.map((pattern) => `--testPathIgnorePatterns=${pattern}`), "--passWithNoTests"];
  return runJest({ name: "e2e", config: CONFIG, args: [...own, ...args], env: { SEB_ENV: "embedded" }, mayBeEmpty });
}

async function real(args) {
  const without = await withoutServers();
  if (without !== undefined) {
    console.log(`  ${without.failed ? "FAIL" : "left out"}  ${without.why}`);
    const status = without.failed ? "failed" : "skipped";
    return [{ suite: `e2e${REAL_SUFFIX}`, test: "the servers of the three processes can be started", status, ms: 0 }];
  }
  return runJest({ name: "e2e-real", config: CONFIG, args, env: { SEB_ENV: "real" }, suffix: REAL_SUFFIX });
}

/** The guarantees over one process that embeds the services, and over three on Redis and NATS; one part per environment. */
export function endToEnd(args) {
  const { environments, rest } = askedFor(args);
  const parts = {
    // A name may be that of a file which runs with the real servers only.
    embedded: { title: "End to end, embedded", run: () => embedded(rest, environments.length > 1 && rest.length > 0) },
    real: { title: "End to end, three processes on Redis and NATS", run: () => real(rest) },
  };
  return environments.map((name) => parts[name]);
}
