import { mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface TempDir {
  /** Absolute, without symbolic links. */
  path: string;
  /** Deletes the folder with all it holds. */
  cleanup(): void;
}

const live = new Set<string>();
let registered = false;

/** Makes a new empty folder, readable by this user only. What is not cleaned up is deleted at exit. */
export function tempDir(prefix = "seb-test-"): TempDir {
  const path = realpathSync(mkdtempSync(join(tmpdir(), prefix)));
  if (!registered) process.once("exit", cleanupAll);
  registered = true;
  live.add(path);
  return {
    path,
    cleanup: () => {
      live.delete(path);
      remove(path);
    },
  };
}

function cleanupAll(): void {
  for (const path of live) remove(path);
}

function remove(path: string): void {
  rmSync(path, { recursive: true, force: true, maxRetries: 3 });
}
