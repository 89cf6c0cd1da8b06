// Builds the workspace it is started in: src/**/*.ts to dist/, one file at a time, without looking at types.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, sep } from "node:path";

const workspace = process.cwd();
const source = join(workspace, "src");
const target = join(workspace, "dist");

/** Every file below `folder`, as paths relative to it; none when it does not exist. */
function filesBelow(folder) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name).slice(folder.length + 1));
}

const isTest = (file) => /\.test\.[cm]?[jt]s$/.test(file) || file.split(sep).includes("__snapshots__");
const isSource = (file) => file.endsWith(".ts") && !file.endsWith(".d.ts");
const outputOf = (file) => (isSource(file) ? file.replace(/\.ts$/, ".js") : file);

/** Leaves an unchanged file alone, so that its time stays. */
function writeIfChanged(file, bytes) {
  if (existsSync(file) && readFileSync(file).equals(bytes)) return;
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, bytes);
}

function removeStale(wanted) {
  for (const file of filesBelow(target)) {
    if (wanted.has(file)) continue;
    rmSync(join(target, file));
    for (let folder = dirname(join(target, file)); folder !== target; folder = dirname(folder)) {
      if (readdirSync(folder).length > 0) break;
      rmdirSync(folder);
    }
  }
}

async function build() {
  const files = filesBelow(source).filter((file) => !isTest(file) && !file.endsWith(".d.ts"));
  removeStale(new Set(files.map(outputOf)));
  if (files.length === 0) return;
  const { transform } = await import("@swc/core");
  const options = JSON.parse(readFileSync(new URL("../.swcrc", import.meta.url), "utf8"));
  await Promise.all(
    files.map(async (file) => {
      const bytes = readFileSync(join(source, file));
      if (!isSource(file)) return writeIfChanged(join(target, file), bytes);
      const filename = join(source, file);
      const { code } = await transform(bytes.toString("utf8"), {
        ...options,
        filename,
        swcrc: false,
        configFile: false,
      });
      writeIfChanged(join(target, outputOf(file)), Buffer.from(code));
    }),
  );
}

try {
  await build();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
