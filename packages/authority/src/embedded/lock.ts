import { randomUUID } from "node:crypto";
import { link, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fail, ok, type Result } from "@seb/schema";
import { systemCode } from "./system-error.js";

/** An exclusive hold on a folder. */
export interface FolderLock {
  release(): Promise<void>;
}

/** When a process started, as the kernel counts it; "" where that cannot be read. Tells a process from a later one with its id. */
async function startOf(pid: number): Promise<string> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, "utf8");
    // The name in parentheses may hold spaces; the start time is the 20th field behind it (proc(5), field 22).
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? "";
  } catch {
    return "";
  }
}

function runs(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return systemCode(error) === "EPERM";
  }
}

async function holderLives(text: string): Promise<boolean> {
  const [pidText, start] = text.split(" ");
  const pid = Number(pidText);
  if (!Number.isSafeInteger(pid) || pid < 1 || !runs(pid)) return false;
  return start === undefined || start === "" || start === (await startOf(pid));
}

async function tryLink(own: string, lock: string): Promise<boolean> {
  try {
    await link(own, lock);
    return true;
  } catch (error) {
    if (systemCode(error) === "EEXIST") return false;
    throw error;
  }
}

/** Moves a dead holder's lock away. What was moved is looked at again, so that a lock taken in between is put back. */
async function removeDead(lock: string, own: string): Promise<boolean> {
  const seen = await readFile(lock, "utf8").catch(() => undefined);
  if (seen === undefined) return true;
  if (await holderLives(seen)) return false;
  const aside = `${own}.dead`;
  await rename(lock, aside).catch(() => undefined);
  const moved = await readFile(aside, "utf8").catch(() => undefined);
  const same = moved === undefined || moved === seen;
  if (!same) await tryLink(aside, lock);
  await rm(aside, { force: true });
  return same;
}

/** Takes the folder's lock, also over from a process that is gone. Fails with `store_unavailable` while a living one holds it. */
export async function lockFolder(folder: string): Promise<Result<FolderLock, "store_unavailable">> {
  const lock = join(folder, "lock");
  const own = join(folder, `lock.${randomUUID()}`);
  const text = `${process.pid} ${await startOf(process.pid)} ${randomUUID()}`;
  await writeFile(own, text, { mode: 0o600 });
  try {
    for (let attempt = 0; attempt < 3; attempt++) {
      if (await tryLink(own, lock)) return ok({ release: () => release(lock, text) });
      if (!(await removeDead(lock, own))) break;
    }
    return fail("store_unavailable", "Another process has this store open.");
  } finally {
    await rm(own, { force: true });
  }
}

async function release(lock: string, text: string): Promise<void> {
  const seen = await readFile(lock, "utf8").catch(() => undefined);
  if (seen === text) await rm(lock, { force: true });
}
