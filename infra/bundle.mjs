// Makes one file of each executable of the build (`dist/main.entry.js` becomes `dist/main.js`): a process then starts by reading one file
// instead of a thousand, which is most of what a command line's start costs.
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { bundleOf, filesBelow, isEntry } from "./outputs.mjs";
import { root, say, seconds } from "./process.mjs";

/** Says of which files, as they were, each bundle was made. */
const STAMPS = join(root, "node_modules", ".cache", "seb-bundles.json");

/** Packages that read files beside themselves. */
const EXTERNAL = ["@cedar-policy/cedar-wasm"];

/** What modules written for `require` expect to find in a file of their own. */
const BANNER =
  'import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);';

/** The executables of the build as absolute paths of their entries. */
function entries() {
  const folders = ["packages", "apps"].flatMap((group) =>
    readdirSync(join(root, group)).map((name) => join(root, group, name, "dist")),
  );
  return folders.flatMap((folder) =>
    filesBelow(folder)
      .filter(isEntry)
      .map((file) => join(folder, file)),
  );
}

/** A file's size and time; undefined when there is none. */
function look(path) {
  const found = statSync(path, { throwIfNoEntry: false });
  return found && `${found.size} ${found.mtimeMs}`;
}

function readStamps() {
  if (!existsSync(STAMPS)) return {};
  try {
    return JSON.parse(readFileSync(STAMPS, "utf8"));
  } catch {
    return {};
  }
}

const isCurrent = (files) =>
  files !== undefined && Object.entries(files).every(([path, was]) => look(join(root, path)) === was);

/** Own modules find files by their own address, which they keep: relative to the bundle's folder instead of to their own. */
function keepAddresses(outfile) {
  return {
    name: "keep-addresses",
    setup(build) {
      build.onLoad({ filter: /[\\/]dist[\\/].*\.js$/ }, ({ path }) => {
        if (path.includes("node_modules")) return undefined;
        const text = readFileSync(path, "utf8");
        if (!text.includes("import.meta.url")) return undefined;
        const from = relative(dirname(outfile), path).replaceAll("\\", "/");
        const address = `new URL(${JSON.stringify(from.startsWith(".") ? from : `./${from}`)}, import.meta.url).href`;
        return { contents: text.replaceAll("import.meta.url", address), loader: "js" };
      });
    },
  };
}

async function bundle(entry) {
  const { build } = await import("esbuild");
  const outfile = bundleOf(entry);
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: [entry],
    outfile,
    bundle: true,
    platform: "node",
    target: "node20",
    format: "esm",
    // As Node itself would choose, not as a browser's bundler would.
    conditions: ["node"],
    mainFields: ["main"],
    external: EXTERNAL,
    banner: { js: BANNER },
    keepNames: true,
    legalComments: "none",
    metafile: true,
    logLevel: "silent",
    plugins: [keepAddresses(outfile)],
  });
  const files = [...Object.keys(metafile.inputs), relative(root, outfile)];
  return Object.fromEntries(files.map((path) => [path, look(join(root, path))]));
}

/** Bundles what is not current. Throws esbuild's failure. */
export async function bundleExecutables() {
  const started = performance.now();
  const stamps = readStamps();
  const all = entries().map((entry) => ({ entry, name: relative(root, entry) }));
  const old = all.filter(({ name }) => !isCurrent(stamps[name]));
  if (old.length === 0) return;
  const made = await Promise.all(old.map(async ({ entry, name }) => [name, await bundle(entry)]));
  const kept = all.filter(({ name }) => stamps[name] !== undefined).map(({ name }) => [name, stamps[name]]);
  mkdirSync(dirname(STAMPS), { recursive: true });
  writeFileSync(STAMPS, JSON.stringify(Object.fromEntries([...kept, ...made])));
  say(`bundled ${old.length} of ${all.length} executables in ${seconds(performance.now() - started)}`);
}
