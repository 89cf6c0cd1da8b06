import { randomUUID } from "node:crypto";
import { link, open, readFile, rename, rm } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { errnoOf } from "./errno.js";

/** An exclusive right among the processes of this machine. */
export interface HeldLock {
  release(): Promise<void>;
}

interface Owner {
  readonly pid: number;
  /** Start of the process on this boot of the machine (earlier versions wrote no boot); empty where the system does not tell. */
  readonly started: string;
  readonly nonce: string;
}

/** Process, start, nonce. A line that ends early still names a process, which may live. */
const LINE = /^([1-9][0-9]{0,9})(?: ([0-9a-f:-]{0,80})(?: ([0-9a-f-]{36}))?)?\n?$/;
const ATTEMPTS = 8;
const RETRY_MS = 5;

/** Tells a process from a later one with the same number (as containers have after every restart). */
async function startOf(pid: number): Promise<string> {
  try {
    const bootId = (await readFile("/proc/sys/kernel/random/boot_id", "latin1")).trim();
    const status = await readFile(`/proc/${pid}/stat`, "latin1");
    // proc(5): field 22 is the start time; the second field, in parentheses, may hold anything.
    const start = status.slice(status.lastIndexOf(")") + 2).split(" ")[19] ?? "";
    return /^[0-9]+$/.test(start) && /^[0-9a-f-]+$/.test(bootId) ? `${bootId}:${start}` : "";
  } catch {
    return "";
  }
}

async function readOwner(path: string): Promise<Owner | "none" | "unreadable"> {
  try {
    const match = LINE.exec(await readFile(path, "latin1"));
    if (match === null) return "unreadable";
    return { pid: Number(match[1]), started: match[2] ?? "", nonce: match[3] ?? "" };
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return "none";
    throw error;
  }
}

async function isAlive(owner: Owner): Promise<boolean> {
  try {
    process.kill(owner.pid, 0);
  } catch (error) {
    if (errnoOf(error) !== "EPERM") return false;
  }
  const started = await startOf(owner.pid);
  return started === "" || owner.started === "" || started === owner.started || started.endsWith(`:${owner.started}`);
}

/** Puts a whole file under a name that must be free: readers never see it half written. */
async function place(path: string, text: string): Promise<boolean> {
  const draft = `${path}.${randomUUID()}`;
  const handle = await open(draft, "wx", 0o600);
  try {
    await handle.writeFile(text);
    await handle.close();
    await link(draft, path);
    return true;
  } catch (error) {
    if (errnoOf(error) === "EEXIST") return false;
    throw error;
  } finally {
    await rm(draft, { force: true });
  }
}

/**
 * Removes the lock of a dead owner. A second file named after that owner makes sure that, of two processes that both saw
 * it dead, the later one does not remove the earlier one's new lock.
 */
async function removeStale(path: string, seen: Owner | "unreadable", text: string): Promise<void> {
  const right = `${path}.stale-${seen === "unreadable" ? "unreadable" : seen.nonce}`;
  if (!(await place(right, text))) {
    const other = await readOwner(right);
    if (other === "unreadable" || (other !== "none" && !(await isAlive(other)))) await rm(right, { force: true });
    return;
  }
  try {
    const now = await readOwner(path);
    const same =
      now === "unreadable" ? seen === now : now !== "none" && seen !== "unreadable" && now.nonce === seen.nonce;
    if (same) await rename(path, right);
  } finally {
    await rm(right, { force: true });
  }
}

/**
 * Takes the lock at `path`; one of a dead process is taken over. While a live process (this one, too) holds it, the answer is that
 * process; its number is undefined while others are just taking the lock over. Throws errors of the file system.
 */
export async function takeLock(
  path: string,
): Promise<{ readonly lock: HeldLock } | { readonly heldBy: number | undefined }> {
  const nonce = randomUUID();
  const text = `${process.pid} ${await startOf(process.pid)} ${nonce}\n`;
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    if (await place(path, text)) {
      return { lock: { release: () => release(path, nonce) } };
    }
    const owner = await readOwner(path);
    if (owner === "none") continue;
    if (owner !== "unreadable" && (await isAlive(owner))) {
      return { heldBy: owner.pid };
    }
    await removeStale(path, owner, text);
    await sleep(attempt * RETRY_MS);
  }
  return { heldBy: undefined };
}

async function release(path: string, nonce: string): Promise<void> {
  const now = await readOwner(path);
  if (typeof now === "object" && now.nonce === nonce) await rm(path, { force: true });
}
