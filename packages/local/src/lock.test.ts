import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { takeLock } from "./lock.js";

const NONCE = "0f8fad5b-d9cb-469f-a165-70867728950e";
let folder: string;
let path: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "seb-lock-"));
  path = join(folder, "broker-1.lock");
});
afterEach(() => rm(folder, { recursive: true }));

/** Number of a process that lived and died. */
async function deadPid(): Promise<number> {
  const child = spawn(process.execPath, ["-e", ""]);
  await once(child, "exit");
  if (child.pid === undefined) throw new Error("not started");
  return child.pid;
}

async function isTaken(): Promise<boolean> {
  const lock = await takeLock(path);
  if ("lock" in lock) await lock.lock.release();
  return !("lock" in lock);
}

describe("a writer's lock", () => {
  it("is held by one at a time, and free again when released", async () => {
    const lock = await takeLock(path);
    if (!("lock" in lock)) throw new Error("not taken");
    expect(await isTaken()).toBe(true);
    await lock.lock.release();
    expect(await isTaken()).toBe(false);
    expect(await readdir(folder)).toEqual([]);
  });

  it("is taken over from a dead process", async () => {
    await writeFile(path, `${await deadPid()}  ${NONCE}\n`);
    expect(await isTaken()).toBe(false);
  });

  it("is taken over from an earlier process that had the same number as a living one", async () => {
    await writeFile(path, `${process.pid} 0b0e7a3c-0000-0000-0000-000000000000:1 ${NONCE}\n`);
    expect(await isTaken()).toBe(false);
  });

  it("is taken over when it is not a lock at all", async () => {
    await writeFile(path, "");
    expect(await isTaken()).toBe(false);
  });

  it("stays with a living process", async () => {
    const child = spawn(process.execPath, ["-e", "setTimeout(() => {}, 60000)"]);
    try {
      const stat = await readFile(`/proc/${child.pid}/stat`, "utf8").catch(() => "");
      // proc(5), field 22; where there is no such file, a process cannot be told from a later one with its number.
      const start = stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? "";
      for (const text of [`${child.pid}  ${NONCE}\n`, `${child.pid}`, `${child.pid} ${start} ${NONCE}`]) {
        await writeFile(path, text);
        expect(await isTaken()).toBe(true);
      }
    } finally {
      child.kill("SIGKILL");
      await once(child, "exit");
    }
    expect(await isTaken()).toBe(false);
  });

  it("goes to exactly one of many that find it stale", async () => {
    const pid = await deadPid();
    for (let round = 0; round < 5; round += 1) {
      await writeFile(path, `${pid}  ${NONCE}\n`);
      const locks = await Promise.all(Array.from({ length: 8 }, () => takeLock(path)));
      const taken = locks.flatMap((lock) => ("lock" in lock ? [lock.lock] : []));
      expect(taken.length).toBe(1);
      await taken[0]?.release();
    }
    expect(await readdir(folder)).toEqual([]);
  });

  it("of a dead process does not block when the one that took it over died, too", async () => {
    const pid = await deadPid();
    await writeFile(path, `${pid}  ${NONCE}\n`);
    await writeFile(`${path}.stale-${NONCE}`, `${pid}  ${NONCE}\n`);
    expect(await isTaken()).toBe(false);
  });
});
