// Where servers that were built or unpacked are kept, and who may fill it.
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { arch, homedir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { kinds } from "./kinds.mjs";

/** The Go module that pins what is built. */
export const goModule = fileURLToPath(new URL("go", import.meta.url));

/** The user's own cache of what this repository needs and does not install: `$XDG_CACHE_HOME/seb`, or `~/.cache/seb`. */
export function userCache(env) {
  const base = env.XDG_CACHE_HOME ?? "";
  return join(base === "" ? join(env.HOME ?? homedir(), ".cache") : base, "seb");
}

/** The part of it that holds servers. */
export const cacheFolder = (env) => join(userCache(env), "dev-servers");

/** Built servers lie below the digest of what pins them: another version is another folder. Unpacked ones are the distribution's choice. */
export function binFolder(name, env) {
  if (kinds[name].go === undefined) return join(cacheFolder(env), `${name}-${arch()}`, "bin");
  const hash = createHash("sha256");
  for (const file of ["go.mod", "go.sum"]) hash.update(readFileSync(join(goModule, file)));
  return join(cacheFolder(env), hash.digest("hex"), "bin");
}

const beatMs = 2000;
const silentMs = 30_000;

/**
 * Runs `work` while no other process fills the cache. A holder that is dead, or gave no sign for 30 s, is not waited for.
 * Results are put in place by a rename, so that two holders at once would cost time and nothing else.
 */
export async function whileLocked(env, onProgress, work) {
  const file = join(cacheFolder(env), "lock");
  mkdirSync(cacheFolder(env), { recursive: true });
  for (let waitedMs = 0; !tryCreate(file); waitedMs += 250) {
    const holder = holderOf(file);
    if (holder.gone) rmSync(file, { force: true });
    else if (waitedMs % 10_000 === 0) onProgress(`waiting for process ${holder.pid}, which is preparing servers`);
    await sleep(250);
  }
  const beat = setInterval(() => touch(file), beatMs);
  const release = () => rmSync(file, { force: true });
  process.once("exit", release);
  try {
    return await work();
  } finally {
    clearInterval(beat);
    process.off("exit", release);
    release();
  }
}

function tryCreate(file) {
  try {
    writeFileSync(file, `${process.pid}\n`, { flag: "wx" });
    return true;
  } catch (error) {
    if (error.code === "EEXIST") return false;
    throw error;
  }
}

function holderOf(file) {
  try {
    const pid = Number.parseInt(readFileSync(file, "utf8"), 10);
    const silent = Date.now() - statSync(file).mtimeMs > silentMs;
    return { pid, gone: silent || (pid > 0 && !isAlive(pid)) };
  } catch {
    return { pid: undefined, gone: false };
  }
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === "EPERM";
  }
}

function touch(file) {
  try {
    utimesSync(file, new Date(), new Date());
  } catch {
    // Taken from us while this machine slept: harmless, see above.
  }
}
