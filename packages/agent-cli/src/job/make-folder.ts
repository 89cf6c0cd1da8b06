import { mkdirSync } from "node:fs";
import { dirname } from "node:path";

function codeOf(error: unknown): unknown {
  return typeof error === "object" && error !== null && "code" in error ? error.code : undefined;
}

/**
 * Makes a folder and those above it that are missing. Unlike `mkdirSync` with `recursive`, it ends on file systems that
 * answer ENOENT for what cannot be made, such as /proc: each folder is tried at most twice.
 *
 * @throws when it cannot be made.
 */
export function makeFolder(path: string, mode = 0o777): void {
  const make = () => {
    try {
      mkdirSync(path, { mode });
    } catch (error) {
      if (codeOf(error) !== "EEXIST") throw error;
    }
  };
  try {
    make();
  } catch (error) {
    if (codeOf(error) !== "ENOENT" || dirname(path) === path) throw error;
    makeFolder(dirname(path), mode);
    make();
  }
}
