// Which file of src/ becomes which file of dist/. Relative to the workspace's `src` and `dist`, in the system's spelling.
import { existsSync, readdirSync, rmdirSync, rmSync } from "node:fs";
import { dirname, join, sep } from "node:path";

/** Every file below `folder`, relative to it; none when it does not exist. */
export function filesBelow(folder) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name).slice(folder.length + 1));
}

const isShipped = (file) =>
  !/\.test\.[cm]?[jt]s$/.test(file) && !file.endsWith(".d.ts") && !file.split(sep).includes("__snapshots__");

/** What is translated; everything else that is shipped is copied as it is. */
export const isTypeScript = (file) => file.endsWith(".ts");

/** `main.ts` and `NAME-main.ts` are executables: `dist/` holds their translation as an entry, and the bundle that is made of it. */
const toOutput = (source) =>
  /(?:^|[\\/-])main\.ts$/.test(source) ? source.replace(/\.ts$/, ".entry.js") : source.replace(/\.ts$/, ".js");
export const isEntry = (file) => file.endsWith(".entry.js");
export const bundleOf = (entry) => entry.replace(/\.entry\.js$/, ".js");

/** The shipped files of a workspace as pairs `{source, output}`. */
export function outputs(workspace) {
  const files = filesBelow(join(workspace, "src")).filter(isShipped);
  return files.map((source) => ({ source, output: isTypeScript(source) ? toOutput(source) : source }));
}

/** Deletes what an earlier source left in `dist/`, and folders that are empty then. */
export function removeStale(workspace) {
  const target = join(workspace, "dist");
  const wanted = new Set(outputs(workspace).flatMap(({ output }) => [output, bundleOf(output)]));
  for (const file of filesBelow(target)) {
    if (wanted.has(file)) continue;
    rmSync(join(target, file));
    for (let folder = dirname(join(target, file)); folder !== target; folder = dirname(folder)) {
      if (readdirSync(folder).length > 0) break;
      rmdirSync(folder);
    }
  }
}
