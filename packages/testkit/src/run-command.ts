import { spawn } from "node:child_process";
import { gather } from "./output.js";
import { signalGroup, track } from "./process-group.js";
import type { SpawnOptions } from "./spawn.js";

export interface RunOptions extends Omit<SpawnOptions, "logFile"> {
  /** Given on standard input, which is empty otherwise. */
  input?: string;
  /** In milliseconds, default 30000; the group is killed then. */
  timeoutMs?: number;
}

export interface CommandResult {
  /** Exit code; 127 when it could not be started; null when a signal (or the timeout) ended it. */
  code: number | null;
  stdout: string;
  stderr: string;
  /** Wall time in milliseconds. */
  ms: number;
  timedOut: boolean;
}

/** Runs a command to its end. Never rejects: a failure is a code. */
export function runCommand(options: RunOptions): Promise<CommandResult> {
  const started = performance.now();
  const child = spawn(options.command, options.args ?? [], {
    env: { ...(options.env ?? process.env) },
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    detached: true,
    stdio: ["pipe", "pipe", "pipe"],
  });
  track(child);
  const stdout = gather(child.stdout);
  const stderr = gather(child.stderr);
  // A child that ends without reading closes the pipe; that is its right.
  child.stdin.on("error", () => undefined);
  child.stdin.end(options.input ?? "");

  return new Promise((resolve) => {
    let timedOut = false;
    const timer = setTimeout(() => {
      timedOut = true;
      signalGroup(child, "SIGKILL");
    }, options.timeoutMs ?? 30_000);
    const finish = (code: number | null, why = "") => {
      clearTimeout(timer);
      signalGroup(child, "SIGKILL");
      const ms = Math.round(performance.now() - started);
      resolve({ code, stdout: stdout.text(), stderr: stderr.text() + why, ms, timedOut });
    };
    child.once("error", (error) => finish(127, error.message));
    child.once("close", (code) => finish(code));
    // A grandchild may keep the pipes open for ever: the command itself has ended.
    child.once("exit", (code) => setTimeout(() => finish(code), 300).unref());
  });
}
