// The checks that are one command each. A check answers a row: {suite, test, status, ms, output}.
import { join } from "node:path";
import { captureChild, root } from "./process.mjs";
import { plain, turbo } from "./turbo.mjs";

const script = (path, ...args) => captureChild(process.execPath, [join(root, path), ...args]);

const biome = ["node_modules/@biomejs/biome/bin/biome", "ci", "--colors=off", "--max-diagnostics=20"];

/** Format and lint, dependency tags, generated docs, in the order in which they are fastest to fail. */
export const lintChecks = [
  { suite: "lint", test: "biome ci", run: () => script(...biome) },
  { suite: "boundaries", test: "turbo boundaries", run: () => turbo(["boundaries"]) },
  { suite: "lint", test: "generated docs are current", run: () => script("infra/docs.mjs", "--check") },
  { suite: "lint", test: "published vectors are current", run: () => script("infra/vectors.mjs", "--check") },
];

export const typeCheck = {
  suite: "types",
  test: "tsc --noEmit",
  run: () => script("node_modules/typescript/bin/tsc", "--noEmit", "-p", join(root, "tsconfig.json")),
};

/** Runs one check and prints how it went, with the command's own words where it failed. */
export async function runCheck({ suite, test, run }) {
  const { code, output, ms } = await run();
  const status = code === 0 ? "passed" : "failed";
  console.log(`  ${status === "passed" ? "pass" : "FAIL"}  ${test}  ${(ms / 1000).toFixed(1)} s`);
  if (status === "failed")
    console.log(plain(output).trimEnd() || `  it ended with exit code ${code} and printed nothing`);
  return { suite, test, status, ms };
}
