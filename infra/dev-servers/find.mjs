// Looks for a server that the machine already has.
import { accessSync, constants, statSync } from "node:fs";
import { delimiter, isAbsolute, join } from "node:path";
import { binFolder } from "./cache.mjs";
import { isAtLeast, kinds, parseVersion, variableOf } from "./kinds.mjs";
import { run } from "./run.mjs";

/** How long `--version` may take, in milliseconds: a large binary is read from a cold disk. */
const versionTimeoutMs = 20_000;

/**
 * Looks in this order: the variable `SEB_SERVER_<NAME>`, which must be right when it is set; `KUBEBUILDER_ASSETS`; `PATH`; the cache.
 * @returns {Promise<{server?: {name: string, path: string, version: string, source: string}, passedOver: string[]}>}
 *   `passedOver`: one sentence for each binary that was found and not taken.
 */
export async function find(name, env) {
  const passedOver = [];
  for (const { path, source } of candidates(name, env)) {
    if (!isExecutable(path)) {
      if (source === variableOf(name)) throw new Error(`${source} names ${path}, which is not an executable file`);
      continue;
    }
    const checked = await check(name, path, env);
    if (checked.problem === undefined) return { server: { name, path, version: checked.version, source }, passedOver };
    if (source === variableOf(name)) throw new Error(`${source} names ${path}: ${checked.problem}`);
    passedOver.push(`${path} (${source}) is not taken: ${checked.problem}`);
  }
  return { passedOver };
}

/** Starts `path --version`. Answers `{version}`, or `{problem}` when it does not start or is too old. */
export async function check(name, path, env) {
  const { code, output } = await run(path, ["--version"], { env, timeoutMs: versionTimeoutMs });
  const version = parseVersion(output);
  if (code !== 0 || version === undefined) return { problem: `it does not start (${lastLine(output) || code})` };
  const { atLeast, why } = kinds[name];
  if (!isAtLeast(version, atLeast))
    return { problem: `version ${version.join(".")} is older than ${atLeast.join(".")}: ${why}` };
  return { version: version.join(".") };
}

function candidates(name, env) {
  const given = env[variableOf(name)] ?? "";
  if (given !== "") return [{ path: given, source: variableOf(name) }];
  const assets = kinds[name].kubebuilder === true ? (env.KUBEBUILDER_ASSETS ?? "") : "";
  // A relative entry of PATH would depend on where this was started.
  const folders = (env.PATH ?? "").split(delimiter).filter(isAbsolute);
  return [
    ...(assets === "" ? [] : [{ path: join(assets, name), source: "KUBEBUILDER_ASSETS" }]),
    ...folders.map((folder) => ({ path: join(folder, name), source: "PATH" })),
    { path: join(binFolder(name, env), name), source: "cache" },
  ];
}

function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

function lastLine(text) {
  return text.trim().split("\n").at(-1) ?? "";
}
