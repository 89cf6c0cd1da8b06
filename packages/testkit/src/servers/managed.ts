import { setTimeout as sleep } from "node:timers/promises";
import { type SpawnedProcess, spawnProcess } from "../spawn.js";
import { type TempDir, tempDir } from "../temp-dir.js";

const pollEveryMs = 20;

/** What every running server offers. Its processes end with this one, however that ends. */
export interface RunningServer {
  /** For clients: scheme, loopback address, port. */
  url: string;
  port: number;
  dataDir: string;
  logFile: string;
  /** Ends it in order; its data stay. */
  stop(): Promise<void>;
  /** Kills it at once; what it had not written is lost, as far as the system allows. */
  kill9(): Promise<void>;
  /** Stops it if it runs and starts it again on the same data and port. */
  restart(): Promise<void>;
  /** Kills it and deletes its folder, unless the caller named that. */
  dispose(): Promise<void>;
}

export interface Plan {
  command: string;
  args: readonly string[];
  env?: Readonly<Record<string, string | undefined>>;
  logFile: string;
  /** What it writes when it takes requests. Looked for first, so that an answer is not that of a stranger who took the port. */
  says: string;
  /** Asked every 20 ms from then on: does it really answer? */
  answers(): Promise<boolean>;
  readyWithinMs: number;
  /** What is left of it so long after a SIGTERM is killed. */
  stopWithinMs: number;
}

/** One process that can be stopped and started again. */
export class Managed {
  private running: SpawnedProcess | undefined;

  constructor(private readonly plan: Plan) {}

  pid(): number | undefined {
    return this.running?.child.pid;
  }

  /** Resolves when the server answers. Rejects, with the end of its output, when it ends first or takes too long. */
  async start(): Promise<void> {
    const { command, args, env, logFile, says, answers, readyWithinMs } = this.plan;
    const started = spawnProcess({ command, args, logFile, ...(env === undefined ? {} : { env }) });
    this.running = started;
    let ended = false;
    void started.exited.then(() => {
      ended = true;
    });
    const overAtMs = performance.now() + readyWithinMs;
    const isReady = async () => hasSaid(started, says) && (await answers());
    while (!(await isReady())) {
      if (!ended && performance.now() < overAtMs) {
        await sleep(pollEveryMs);
        continue;
      }
      const how = ended ? "ended before it answered" : `did not answer within ${readyWithinMs} ms`;
      await this.kill9();
      throw new Error(`${command} ${how}\n${`${started.stdout()}${started.stderr()}`.slice(-2000)}`);
    }
  }

  async stop(): Promise<void> {
    await this.running?.stop("SIGTERM", this.plan.stopWithinMs);
    this.running = undefined;
  }

  async kill9(): Promise<void> {
    await this.running?.kill9();
    this.running = undefined;
  }

  async restart(): Promise<void> {
    await this.stop();
    await this.start();
  }
}

function hasSaid(started: SpawnedProcess, text: string): boolean {
  return started.stdout().includes(text) || started.stderr().includes(text);
}

/** The folder the caller named, which is left alone, or a new one that is deleted. */
export function workFolder(dir: string | undefined, prefix: string): TempDir {
  return dir === undefined ? tempDir(prefix) : { path: dir, cleanup: () => undefined };
}

/**
 * Starts with ports of the system's choice, which another process may take in the moment before the server does: then once
 * more with others. A port the caller chose is tried once.
 */
export async function withFreePorts<T>(fixed: boolean, start: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await start();
    } catch (error) {
      const taken = error instanceof Error && /address already in use/i.test(error.message);
      if (fixed || !taken || attempt === 3) throw error;
    }
  }
}
