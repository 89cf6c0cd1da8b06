#!/usr/bin/env node
// npm run codes: every code of the table, the test that provokes it, and what it leaves in the records, or why nothing.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { blanks } from "./check.mjs";

const root = fileURLToPath(new URL("../..", import.meta.url)).replace(/\/$/, "");
const { CODES } = await import(pathToFileURL(join(root, "packages", "schema", "dist", "index.js")).href);
const map = JSON.parse(readFileSync(new URL("map.json", import.meta.url), "utf8"));

/** Sources that can answer with a code: not the table itself, not tests. */
function productSources() {
  return ["apps", "packages"].flatMap((group) =>
    readdirSync(join(root, group)).flatMap((workspace) => sourcesOf(join(group, workspace, "src"))),
  );
}

function sourcesOf(folder) {
  let entries;
  try {
    entries = readdirSync(join(root, folder), { recursive: true, withFileTypes: true });
  } catch {
    return [];
  }
  return entries
    .filter((entry) => entry.isFile() && /\.ts$/.test(entry.name) && !/\.test\.ts$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => !path.includes("/schema/src/codes"))
    .map((path) => [path, readFileSync(path, "utf8")]);
}

const found = blanks({ codes: CODES, map, root, sources: productSources() });
const width = Math.max(...Object.keys(CODES).map((code) => code.length));
for (const [code, { status }] of Object.entries(CODES)) {
  const row = Object.hasOwn(map, code) ? map[code] : {};
  const leaves = row.leaves === undefined ? `nothing: ${row.none ?? "?"}` : row.leaves.join(", ");
  console.log(`${code.padEnd(width)}  ${status}  ${row.test ?? "?"}  ->  ${leaves}`);
}
for (const { code, what } of found) console.log(`BLANK  ${code} ${what}`);
const recorded = Object.values(map).filter(({ leaves }) => leaves !== undefined).length;
const silent = Object.values(map).length - recorded;
console.log(
  `${Object.keys(CODES).length} codes: ${recorded} leave a record or a signed count, ${silent} have a reason why not, ${found.length} blanks`,
);
process.exitCode = found.length === 0 ? 0 : 1;
