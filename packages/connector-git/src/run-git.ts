import { type ChildProcessByStdio, spawn } from "node:child_process";
import type { Readable, Writable } from "node:stream";

/** One run of the git binary. */
export interface GitRun {
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  readonly input?: string;
  readonly timeoutMs: number;
  readonly maxOutputBytes: number;
  readonly signal: AbortSignal;
}

/**
 * How it ended. `exit` is undefined when git was killed or never started; `started` is false when it surely did nothing.
 * What git writes to standard error is discarded: it repeats addresses and whatever the other side sends.
 */
export interface GitEnd {
  readonly exit: number | undefined;
  readonly started: boolean;
  readonly stdout: Uint8Array;
}

const NOT_STARTED: GitEnd = { exit: undefined, started: false, stdout: new Uint8Array() };
/** Git removes its lock files on SIGTERM, so it gets that long before SIGKILL, in milliseconds. */
const GRACE_MS = 300;

/**
 * Runs `git` without a shell, in a process group of its own, which is killed as a whole at the timeout, on abort, and when the output
 * passes its bound. Never rejects.
 */
export function runGit(run: GitRun): Promise<GitEnd> {
  if (run.signal.aborted) return Promise.resolve(NOT_STARTED);
  return new Promise((resolve) => {
    const child = spawn("git", [...run.args], {
      cwd: run.cwd,
      env: { ...run.env },
      detached: true,
      stdio: ["pipe", "pipe", "ignore"],
      windowsHide: true,
    });
    const chunks: Uint8Array[] = [];
    let size = 0;
    const killer = createKiller(child, () => settle(undefined));
    const timer = setTimeout(killer.kill, run.timeoutMs);
    run.signal.addEventListener("abort", killer.kill, { once: true });

    function settle(exit: number | undefined) {
      clearTimeout(timer);
      killer.done();
      run.signal.removeEventListener("abort", killer.kill);
      resolve({
        exit: killer.killed() ? undefined : exit,
        started: child.pid !== undefined,
        stdout: concat(chunks),
      });
    }

    child.stdout.on("data", (chunk: Uint8Array) => {
      size += chunk.byteLength;
      if (size > run.maxOutputBytes) killer.kill();
      else chunks.push(chunk);
    });
    // A child that ends before it has read its input breaks the pipe; its exit code tells.
    child.stdin.on("error", () => undefined);
    child.on("error", () => settle(undefined));
    child.on("close", (code) => settle(code ?? undefined));
    child.stdin.end(run.input ?? "");
  });
}

function createKiller(child: ChildProcessByStdio<Writable, Readable, null>, giveUp: () => void) {
  let killed = false;
  const timers: NodeJS.Timeout[] = [];
  const send = (signal: NodeJS.Signals) => {
    if (child.pid === undefined) return;
    try {
      process.kill(-child.pid, signal);
    } catch {
      // The group is gone already.
    }
  };
  return {
    kill: () => {
      if (killed) return;
      killed = true;
      send("SIGTERM");
      timers.push(setTimeout(() => send("SIGKILL"), GRACE_MS));
      // Somebody may have inherited the pipes and left the group: do not wait for them.
      timers.push(setTimeout(giveUp, 2 * GRACE_MS));
    },
    killed: () => killed,
    done: () => {
      for (const timer of timers) clearTimeout(timer);
      // Whoever of the group outlived git must not go on sending.
      if (killed) send("SIGKILL");
    },
  };
}

function concat(chunks: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.byteLength, 0));
  let at = 0;
  for (const chunk of chunks) {
    all.set(chunk, at);
    at += chunk.byteLength;
  }
  return all;
}

/** Lines of an output, without the empty one behind the last newline. */
export function linesOf(end: GitEnd): readonly string[] {
  const text = new TextDecoder("utf-8").decode(end.stdout);
  return text === "" ? [] : text.replace(/\n$/, "").split("\n");
}
