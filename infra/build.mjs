// Builds the workspace it is started in: src/**/*.ts to dist/, one file at a time, without looking at types; other files are copied.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { isTypeScript, outputs, removeStale } from "./outputs.mjs";

const workspace = process.cwd();

/** Leaves an unchanged file alone, so that its time stays. */
function writeIfChanged(file, bytes) {
  if (existsSync(file) && readFileSync(file).equals(bytes)) return;
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, bytes);
}

async function build() {
  removeStale(workspace);
  const files = outputs(workspace);
  if (files.length === 0) return;
  const { transform } = await import("@swc/core");
  const options = JSON.parse(readFileSync(new URL("../.swcrc", import.meta.url), "utf8"));
  const translate = async (filename, text) =>
    Buffer.from((await transform(text, { ...options, filename, swcrc: false, configFile: false })).code);
  await Promise.all(
    files.map(async ({ source, output }) => {
      const filename = join(workspace, "src", source);
      const bytes = readFileSync(filename);
      const built = isTypeScript(source) ? await translate(filename, bytes.toString("utf8")) : bytes;
      writeIfChanged(join(workspace, "dist", output), built);
    }),
  );
}

try {
  await build();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
