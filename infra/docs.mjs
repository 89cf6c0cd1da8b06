// `npm run docs [-- --check]`: every module of infra/docs/ exports `file` (path in the repository) and `render()` (its text, may be a promise).
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { root } from "./process.mjs";

const args = process.argv.slice(2);
const check = args.includes("--check");
if (args.some((arg) => arg !== "--check")) {
  console.error("usage: npm run docs [-- --check]");
  process.exit(2);
}

const folder = join(root, "infra", "docs");
const generators = existsSync(folder) ? readdirSync(folder).filter((name) => /(?<!\.test)\.mjs$/.test(name)) : [];

for (const name of generators.sort()) {
  const { file, render } = await import(join(folder, name));
  if (typeof file !== "string" || typeof render !== "function") {
    console.error(`infra/docs/${name} must export file and render`);
    process.exitCode = 1;
    continue;
  }
  const target = join(root, file);
  const text = await render();
  if (existsSync(target) && readFileSync(target, "utf8") === text) continue;
  if (check) {
    console.error(`${file} is not what infra/docs/${name} generates: run npm run docs and commit the result`);
    process.exitCode = 1;
  } else {
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, text);
    console.log(`wrote ${file}`);
  }
}
