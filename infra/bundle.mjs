// Makes one file of each executable of the build (`dist/main.entry.js` becomes `dist/main.js`): a process then starts by reading one file
// instead of a thousand, which is most of what a command line's start costs.
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join, relative, sep } from "node:path";
import { bundleOf, filesBelow, isEntry } from "./outputs.mjs";
import { root, say, seconds } from "./process.mjs";

/** Says of which files, as they were, each bundle was made. */
const STAMPS = join(root, "node_modules", ".cache", "seb-bundles.json");

/** What decides on every bundle besides the files in it. */
const MAKERS = ["infra/bundle.mjs", "infra/outputs.mjs", "node_modules/esbuild/package.json"];

/** Packages that read files beside themselves. */
const EXTERNAL = /^@cedar-policy\/cedar-wasm/;

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

/** A file's size and time; undefined when there is none. For a path below a file `throwIfNoEntry` throws or does not, by Node's version. */
export function look(path) {
  try {
    const { size, mtimeMs } = statSync(path);
    return `${size} ${mtimeMs}`;
  } catch {
    return undefined;
  }
}

/** What was said of each bundle; nothing where it cannot be read. */
function readStamps() {
  try {
    return JSON.parse(readFileSync(STAMPS, "utf8")) ?? {};
  } catch {
    return {};
  }
}

/** Is the bundle of this entry what would be made now? */
function isCurrent(entry, files) {
  if (files?.[relative(root, bundleOf(entry))] === undefined) return false;
  return Object.entries(files).every(([path, was]) => look(join(root, path)) === was);
}

const isOwn = (path) => !relative(root, path).split(sep).includes("node_modules");
/** The way from the folder of a bundle to a file, as a specifier. */
function fromBundle(outfile, path) {
  const way = relative(dirname(outfile), path).replaceAll("\\", "/");
  return way.startsWith(".") ? way : `./${way}`;
}

/** Own modules find files by their own address, which they keep: relative to the bundle's folder instead of to their own. */
function keepAddresses(outfile) {
  return {
    name: "keep-addresses",
    setup(build) {
      build.onLoad({ filter: /\.js$/ }, ({ path }) => {
        if (!isOwn(path)) return undefined;
        const text = readFileSync(path, "utf8");
        if (!text.includes("import.meta.url")) return undefined;
        const address = `new URL(${JSON.stringify(fromBundle(outfile, path))}, import.meta.url).href`;
        return { contents: text.replaceAll("import.meta.url", address), loader: "js" };
      });
    },
  };
}

/** What stays outside is found where the module that imports it finds it, wherever npm has put it. */
function leaveOutside(outfile) {
  return {
    name: "leave-outside",
    setup(build) {
      build.onResolve({ filter: EXTERNAL }, async ({ path, resolveDir, kind, pluginData }) => {
        if (pluginData === "asked") return undefined;
        const found = await build.resolve(path, { resolveDir, kind, pluginData: "asked" });
        return found.errors.length > 0 ? found : { path: fromBundle(outfile, found.path), external: true };
      });
    },
  };
}

/**
 * Makes the bundle of one entry (an absolute path below the repository).
 * @returns the files that decide on it and how they look. Throws esbuild's failure; no bundle is there then.
 */
export async function bundle(entry) {
  const { build } = await import("esbuild");
  const outfile = bundleOf(entry);
  try {
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
      banner: { js: BANNER },
      metafile: true,
      logLevel: "silent",
      plugins: [leaveOutside(outfile), keepAddresses(outfile)],
    });
    const files = [...MAKERS, ...Object.keys(metafile.inputs), relative(root, outfile)];
    return Object.fromEntries(files.map((path) => [path, look(join(root, path))]));
  } catch (error) {
    // An earlier bundle would still run, and do what the sources no longer say.
    rmSync(outfile, { force: true });
    throw error;
  }
}

/** Bundles what is not current, or all. Throws the first failure when every bundle has ended. */
export async function bundleExecutables({ force = false } = {}) {
  const started = performance.now();
  const stamps = readStamps();
  const all = entries().map((entry) => ({ entry, name: relative(root, entry) }));
  const old = all.filter(({ entry, name }) => force || !isCurrent(entry, stamps[name]));
  if (old.length === 0) return;
  const ended = await Promise.allSettled(old.map(async ({ entry, name }) => [name, await bundle(entry)]));
  const kept = all.filter((one) => !old.includes(one)).map(({ name }) => [name, stamps[name]]);
  const made = ended.flatMap(({ status, value }) => (status === "fulfilled" ? [value] : []));
  mkdirSync(dirname(STAMPS), { recursive: true });
  writeFileSync(STAMPS, JSON.stringify(Object.fromEntries([...kept, ...made])));
  const failed = ended.find(({ status }) => status === "rejected");
  if (failed !== undefined) throw failed.reason;
  say(`bundled ${old.length} of ${all.length} executables in ${seconds(performance.now() - started)}`);
}
