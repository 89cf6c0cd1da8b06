import { constants } from "node:fs";
import { type FileHandle, mkdir, open, readFile, rename } from "node:fs/promises";
import { join } from "node:path";
import { errnoOf } from "@seb/local";

/** What the store does to its folder; each promise resolves when the bytes would survive a power cut. Rejects on any I/O error. */
export interface Disk {
  /** Text of a file, or undefined when there is none. */
  read(name: string): Promise<string | undefined>;
  /** Replaces a file whole. */
  replace(name: string, text: string): Promise<void>;
  /** Cuts a file to its first `bytes` bytes. */
  cut(name: string, bytes: number): Promise<void>;
  /** Opens a file for appending. */
  appender(name: string): Promise<Appender>;
}

export interface Appender {
  append(text: string): Promise<void>;
  close(): Promise<void>;
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function withFile(path: string, flags: number, run: (handle: FileHandle) => Promise<void>): Promise<void> {
  const handle = await open(path, flags, 0o600);
  try {
    await run(handle);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** The real folder, made when absent, readable by this user only. */
export async function openDisk(folder: string): Promise<Disk> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const { O_APPEND, O_CREAT, O_RDWR, O_TRUNC, O_WRONLY } = constants;
  return {
    async read(name) {
      try {
        return await readFile(join(folder, name), "utf8");
      } catch (error) {
        if (errnoOf(error) === "ENOENT") return undefined;
        throw error;
      }
    },
    async replace(name, text) {
      const path = join(folder, name);
      await withFile(`${path}.new`, O_WRONLY | O_CREAT | O_TRUNC, (handle) => handle.writeFile(text));
      await rename(`${path}.new`, path);
      await syncFolder(folder);
    },
    cut: (name, bytes) => withFile(join(folder, name), O_RDWR, (handle) => handle.truncate(bytes)),
    async appender(name) {
      const handle = await open(join(folder, name), O_WRONLY | O_APPEND | O_CREAT, 0o600);
      await syncFolder(folder);
      return {
        async append(text) {
          await handle.writeFile(text);
          await handle.datasync();
        },
        close: () => handle.close(),
      };
    },
  };
}
