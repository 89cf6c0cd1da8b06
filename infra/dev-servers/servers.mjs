#!/usr/bin/env node
// Real servers for tests and for playing by hand: found on this machine, else built or unpacked once into the user's cache.
// Built-ins only. `node infra/dev-servers/servers.mjs ensure [names…] [--json]`; exit code 3 when one cannot be had.
import { realpathSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { aptUnpack } from "./apt-unpack.mjs";
import { binFolder, whileLocked } from "./cache.mjs";
import { check, find } from "./find.mjs";
import { goBuild } from "./go-build.mjs";
import { kinds } from "./kinds.mjs";
import { ServerUnavailable } from "./unavailable.mjs";

/** Every server this knows. */
export const serverNames = Object.keys(kinds);

/**
 * @typedef {object} Server
 * @property {string} name
 * @property {string} path  Of the executable.
 * @property {string} version  As it says itself: `7.0.15`.
 * @property {string} source  Where it was found: `PATH`, `KUBEBUILDER_ASSETS`, `cache`, or the variable that named it.
 */

/** The server if this machine has it already, made earlier or the user's own; undefined otherwise. Builds nothing. @returns {Promise<Server | undefined>} */
export async function findServer(name, { env = process.env } = {}) {
  return (await find(known(name), env)).server;
}

/**
 * The server, made now if need be: minutes the first time, for those that are built. Several processes may ask at once.
 * Throws `ServerUnavailable` with the remedy when it cannot be had.
 * @param {{onProgress?: (line: string) => void, env?: NodeJS.ProcessEnv}} [options] @returns {Promise<Server>}
 */
export async function ensureServer(name, { onProgress = () => undefined, env = process.env } = {}) {
  const { server, passedOver } = await find(known(name), env);
  if (server !== undefined) return server;
  for (const line of passedOver) onProgress(line);
  return whileLocked(env, onProgress, async () => {
    // Made by another process while this one waited for its turn?
    const { server: madeMeanwhile } = await find(name, env);
    if (madeMeanwhile !== undefined) return madeMeanwhile;
    const make = kinds[name].go === undefined ? aptUnpack : goBuild;
    await make(name, env, onProgress);
    const path = join(binFolder(name, env), name);
    const { version, problem } = await check(name, path, env);
    if (problem !== undefined)
      throw new ServerUnavailable(name, `what was made does not do: ${problem}`, kinds[name].otherwise);
    return { name, path, version, source: "cache" };
  });
}

function known(name) {
  if (!Object.hasOwn(kinds, name)) throw new Error(`no server "${name}": one of ${serverNames.join(", ")}`);
  return name;
}

async function main(args) {
  const json = args.includes("--json");
  const [command, ...names] = args.filter((arg) => arg !== "--json");
  if (command !== "ensure" || names.some((name) => !Object.hasOwn(kinds, name))) {
    console.error(`usage: servers.mjs ensure [${serverNames.join("|")} …] [--json]`);
    return 2;
  }
  const had = [];
  const lacking = [];
  for (const name of names.length === 0 ? serverNames : names) {
    try {
      had.push(await ensureServer(name, { onProgress: (line) => console.error(`seb: ${line}`) }));
    } catch (error) {
      console.error(`seb: ${error.message}`);
      lacking.push({ name, reason: error.reason ?? error.message, remedy: error.remedy ?? kinds[name].otherwise });
    }
  }
  if (json) console.log(JSON.stringify({ servers: had, lacking }, undefined, 1));
  else for (const { name, version, path, source } of had) console.log(`${name} ${version}  ${path}  (${source})`);
  return lacking.length === 0 ? 0 : 3;
}

const started = process.argv[1];
if (started !== undefined && realpathSync(started) === fileURLToPath(import.meta.url))
  process.exitCode = await main(process.argv.slice(2));
