import { type ChildProcess, spawn } from "node:child_process";
import { gather } from "./output.js";
import { signalGroup, track } from "./process-group.js";

export interface SpawnOptions {
  command: string;
  args?: readonly string[];
  /** The whole environment of the child; that of this process when absent. */
  env?: Readonly<Record<string, string | undefined>>;
  cwd?: string;
  /** Both outputs are appended to this file too. */
  logFile?: string;
}

export interface Exit {
  /** Exit code, or null when a signal ended it. */
  code: number | null;
  signal: NodeJS.Signals | null;
}

export interface SpawnedProcess {
  child: ChildProcess;
  stdout(): string;
  stderr(): string;
  /** Resolves with the first match in a line of either output, also one written earlier. Rejects at the timeout or when the process ends. */
  waitForLine(pattern: RegExp, timeoutMs: number): Promise<RegExpMatchArray>;
  /** Sends `signal` (default SIGTERM) to the group; what is left after `graceMs` (default 5000) is killed. */
  stop(signal?: NodeJS.Signals, graceMs?: number): Promise<Exit>;
  /** Kills the group at once, as a lost machine would. */
  kill9(): Promise<Exit>;
  exited: Promise<Exit>;
}

/** Starts a process in a group of its own. The group does not outlive this process, nor a `stop` or `kill9`. Rejects nothing: a command that cannot start ends with code 127. */
export function spawnProcess(options: SpawnOptions): SpawnedProcess {
  const child = spawn(options.command, options.args ?? [], {
    env: { ...(options.env ?? process.env) },
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
  });
  track(child);
  const stdout = gather(child.stdout, options.logFile);
  const stderr = gather(child.stderr, options.logFile);
  const exited = exitOf(child);
  // Its children, if it left any, end with it; and its number is free for others from now on.
  void exited.then(() => signalGroup(child, "SIGKILL"));

  async function stop(signal: NodeJS.Signals = "SIGTERM", graceMs = 5000): Promise<Exit> {
    signalGroup(child, signal);
    const timer = setTimeout(() => signalGroup(child, "SIGKILL"), graceMs);
    const exit = await exited;
    clearTimeout(timer);
    return exit;
  }

  function waitForLine(pattern: RegExp, timeoutMs: number): Promise<RegExpMatchArray> {
    return new Promise((resolve, reject) => {
      const look = () => {
        const match = firstMatch(stdout.text(), pattern) ?? firstMatch(stderr.text(), pattern);
        if (match !== undefined) finish(() => resolve(match));
      };
      const fail = (why: string) =>
        finish(() => reject(new Error(`${options.command}: no line like ${pattern} ${why}\n${tail()}`)));
      const timer = setTimeout(() => fail(`within ${timeoutMs} ms`), timeoutMs);
      const offs = [stdout.onChange(look), stderr.onChange(look)];
      const finish = (settle: () => void) => {
        clearTimeout(timer);
        for (const off of offs) off();
        settle();
      };
      look();
      void exited.then(({ code, signal }) => fail(`before it ended (${signal ?? code})`));
    });
  }

  const tail = () => `${stdout.text().slice(-2000)}\n${stderr.text().slice(-2000)}`;
  return { child, stdout: stdout.text, stderr: stderr.text, waitForLine, stop, kill9: () => stop("SIGKILL"), exited };
}

/** Resolves when the process has ended and its output is read; a grandchild that keeps the pipes open delays it by 300 ms at most. */
function exitOf(child: ChildProcess): Promise<Exit> {
  return new Promise((resolve) => {
    child.once("error", () => resolve({ code: 127, signal: null }));
    child.once("close", (code, signal) => resolve({ code, signal }));
    child.once("exit", (code, signal) => {
      setTimeout(() => resolve({ code, signal }), 300).unref();
    });
  });
}

function firstMatch(text: string, pattern: RegExp): RegExpMatchArray | undefined {
  // A stateful pattern would start in the middle of the second line.
  const fresh = new RegExp(pattern.source, pattern.flags.replaceAll(/[gy]/g, ""));
  for (const line of text.split("\n")) {
    const match = fresh.exec(line);
    if (match !== null) return match;
  }
  return undefined;
}
