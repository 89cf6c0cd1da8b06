import { constants } from "node:fs";
import { type FileHandle, mkdir, open, stat } from "node:fs/promises";
import { dirname, resolve } from "node:path";

/** A file that is appended to and made durable. Every method rejects with the system's error. */
export interface DurableFile {
  /** Size in bytes of the file that the path names now; rejects when that is no longer the file that was opened. */
  size(): Promise<number>;
  /** Writes all bytes at the end. */
  write(bytes: Uint8Array): Promise<void>;
  datasync(): Promise<void>;
  truncate(sizeBytes: number): Promise<void>;
  close(): Promise<void>;
}

/** Makes entries of a folder durable: a new file survives a power cut only after this. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, constants.O_RDONLY);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Makes a folder for this user only, with its parents, durably. */
export async function makeFolder(path: string): Promise<void> {
  const folder = resolve(path);
  const first = await mkdir(folder, { recursive: true, mode: 0o700 });
  if (first === undefined) return;
  for (let made = folder; made.length >= first.length; made = dirname(made)) await syncFolder(dirname(made));
}

async function writeAll(handle: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let done = 0; done < bytes.byteLength; ) {
    const { bytesWritten } = await handle.write(bytes, done, bytes.byteLength - done, null);
    done += bytesWritten;
  }
}

/** Opens a file for appending, for this user only; makes it, and its entry in the folder durable, when it does not exist. */
export async function openDurableFile(path: string): Promise<DurableFile> {
  const handle = await open(path, constants.O_RDWR | constants.O_APPEND | constants.O_CREAT, 0o600);
  try {
    const opened = await handle.stat();
    // Always: the process that created the file may have died before it got this far.
    await syncFolder(dirname(path));
    return {
      size: async () => {
        const named = await stat(path);
        if (named.ino !== opened.ino || named.dev !== opened.dev) throw new Error("the file was replaced");
        return named.size;
      },
      write: (bytes) => writeAll(handle, bytes),
      datasync: () => handle.datasync(),
      truncate: (sizeBytes) => handle.truncate(sizeBytes),
      close: () => handle.close(),
    };
  } catch (error) {
    await handle.close();
    throw error;
  }
}
