import type { ChildProcess } from "node:child_process";

const live = new Set<number>();
let hooked = false;

/**
 * Remembers the process group of a child started with `detached: true`, so that nothing outlives the tests:
 * what still runs when this process exits is killed.
 */
export function track(child: ChildProcess): void {
  if (child.pid === undefined) return;
  live.add(child.pid);
  if (hooked) return;
  hooked = true;
  process.on("exit", killAll);
}

/** Sends a signal to the whole group; false when nothing of it is left. */
export function signalGroup(child: ChildProcess, signal: NodeJS.Signals): boolean {
  if (child.pid === undefined) return false;
  try {
    return process.kill(-child.pid, signal);
  } catch {
    live.delete(child.pid);
    return false;
  }
}

/** Kills every group that is left, at once. Runs by itself at exit; suites may call it in `afterAll`. */
export function killAll(): void {
  for (const pid of live) {
    try {
      process.kill(-pid, "SIGKILL");
    } catch {
      // It ended by itself.
    }
  }
  live.clear();
}
