import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { root, say } from "./process.mjs";

// Not below node_modules, which an installation deletes.
const lockFile = join(root, ".turbo", "bootstrap.lock");

/** Runs `work` while no other process of this checkout installs or builds. A lock left by a dead process is taken over. */
export async function exclusively(work) {
  mkdirSync(dirname(lockFile), { recursive: true });
  let told = false;
  while (!tryCreate(lockFile)) {
    const holder = readHolder();
    if (holder !== undefined && !isAlive(holder)) {
      takeOver(holder);
      continue;
    }
    if (!told)
      say(`waiting for another run in this checkout to finish its preparation (process ${holder ?? "unknown"})`);
    told = true;
    await sleep(200);
  }
  const release = () => rmSync(lockFile, { force: true });
  process.once("exit", release);
  try {
    return await work();
  } finally {
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

function readHolder() {
  try {
    const pid = Number.parseInt(readFileSync(lockFile, "utf8"), 10);
    if (pid > 0) return pid;
    // Empty: its maker is between creating and writing, or died there.
    return Date.now() - statSync(lockFile).mtimeMs > 5000 ? -1 : undefined;
  } catch {
    return undefined;
  }
}

function isAlive(pid) {
  if (pid < 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === "EPERM";
  }
}

/** Two waiters may both see a dead holder: only the one that makes the second file may remove the first. */
function takeOver(holder) {
  const steal = `${lockFile}.steal`;
  if (!tryCreate(steal)) {
    const age = Date.now() - (statSync(steal, { throwIfNoEntry: false })?.mtimeMs ?? Date.now());
    if (age > 10_000) rmSync(steal, { force: true });
    return;
  }
  try {
    if (readHolder() === holder) rmSync(lockFile, { force: true });
  } finally {
    rmSync(steal, { force: true });
  }
}
