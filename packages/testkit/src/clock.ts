import { renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

/**
 * Absolute path of a preload that shifts the clocks of a process: start it with `NODE_OPTIONS=--import <path>` and
 * `SEB_TEST_CLOCK_FILE=<file>`; the file is read again at most every 20 ms.
 */
export const clockPreload: string = fileURLToPath(new URL("../preload/clock.mjs", import.meta.url));

export interface TestClock {
  file: string;
  /** To be merged into the environment of the processes that follow this clock. */
  env: { NODE_OPTIONS: string; SEB_TEST_CLOCK_FILE: string };
  /** How far `Date` (and, separately, the monotonic clock) is ahead of the machine, in whole milliseconds; negative is behind. */
  set(wallMs: number, monotonicMs?: number): void;
}

/** A clock that any number of child processes follow, kept in a file of `folder`; it starts at the machine's time. */
export function testClock(folder: string): TestClock {
  const file = join(folder, "clock");
  const set = (wallMs: number, monotonicMs = 0) => {
    const next = `${file}.next`;
    writeFileSync(next, `${Math.round(wallMs)} ${Math.round(monotonicMs)}\n`);
    renameSync(next, file);
  };
  set(0);
  const env = { NODE_OPTIONS: `--import ${pathToFileURL(clockPreload).href}`, SEB_TEST_CLOCK_FILE: file };
  return { file, env, set };
}
