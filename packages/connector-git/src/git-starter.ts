import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { isObject } from "@seb/connector-language";

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
 * How it ended. `exit` is undefined when git was killed or never started; `started` is false when it surely did nothing; `unreached` is
 * true when git itself said that it did not get through to the repository. Nothing else of what it writes to standard error is kept: it
 * repeats addresses and whatever the other side sends.
 */
export interface GitEnd {
  readonly exit: number | undefined;
  readonly started: boolean;
  readonly unreached: boolean;
  readonly stdout: Uint8Array;
}

const STARTER = fileURLToPath(new URL("./starter.js", import.meta.url));
const NOTHING = new Uint8Array();
const NOT_STARTED: GitEnd = { exit: undefined, started: false, unreached: false, stdout: NOTHING };
/** Nobody can say how far it came. */
const LOST: GitEnd = { exit: undefined, started: true, unreached: false, stdout: NOTHING };
/** How much longer than its timeout a run may take until the starter itself is given up, in milliseconds. */
const SLACK_MS = 2000;

/** A running starter, and the runs that it has not answered yet, by id. */
interface Starter {
  readonly child: ChildProcess;
  readonly pending: Map<number, (end: GitEnd) => void>;
}

/**
 * Runs `git` without a shell, each in a process group of its own, which is killed as a whole at the timeout, on abort, and when the output
 * passes its bound. The processes are started by a small one (`starter.js`), which is made on first use, and again when it was lost.
 */
export class GitStarter {
  #starter: Starter | undefined;
  #last = 0;

  /** Never rejects. */
  run({ signal, ...run }: GitRun): Promise<GitEnd> {
    if (signal.aborted) return Promise.resolve(NOT_STARTED);
    if (this.#starter?.child.connected !== true) this.#starter = startStarter();
    const { child, pending } = this.#starter;
    this.#last += 1;
    const id = this.#last;
    return new Promise((resolve) => {
      const kill = () => void child.send({ id, kill: true }, ignore);
      const timer = setTimeout(() => child.kill("SIGKILL"), run.timeoutMs + SLACK_MS);
      signal.addEventListener("abort", kill, { once: true });
      pending.set(id, (end) => {
        clearTimeout(timer);
        signal.removeEventListener("abort", kill);
        pending.delete(id);
        if (pending.size === 0) child.channel?.unref();
        resolve(end);
      });
      child.channel?.ref();
      child.send({ id, ...run, input: run.input ?? "" }, (error) => {
        if (error) pending.get(id)?.(LOST);
      });
    });
  }

  /** Ends the starter, and with it whatever still runs. A later run makes a new one. */
  close(): void {
    if (this.#starter?.child.connected) this.#starter.child.disconnect();
    this.#starter = undefined;
  }
}

function startStarter(): Starter {
  const pending: Starter["pending"] = new Map();
  // Of its own group, and with nothing of this process's settings: each run brings its whole environment.
  const child = fork(STARTER, [], {
    detached: true,
    env: {},
    execArgv: [],
    serialization: "advanced",
    stdio: ["ignore", "ignore", "ignore", "ipc"],
  });
  child.unref();
  child.channel?.unref();
  child.on("message", (message: unknown) => {
    if (isObject(message) && typeof message.id === "number") pending.get(message.id)?.(endOf(message));
  });
  const lose = () => {
    for (const settle of [...pending.values()]) settle(LOST);
  };
  child.on("error", lose);
  child.on("disconnect", lose);
  return { child, pending };
}

function ignore(): void {
  // The starter is gone; its end is told by `disconnect`.
}

function endOf({ exit, started, unreached, stdout }: Readonly<Record<string, unknown>>): GitEnd {
  return {
    exit: typeof exit === "number" ? exit : undefined,
    started: started !== false,
    unreached: unreached === true,
    stdout: ArrayBuffer.isView(stdout) ? new Uint8Array(stdout.buffer, stdout.byteOffset, stdout.byteLength) : NOTHING,
  };
}

/** Lines of an output, without the empty one behind the last newline. */
export function linesOf(end: GitEnd): readonly string[] {
  const text = new TextDecoder("utf-8").decode(end.stdout);
  return text === "" ? [] : text.replace(/\n$/, "").split("\n");
}
