import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import {
  type CommandResult,
  runCommand,
  type SpawnedProcess,
  spawnProcess,
  type TestClock,
  tempDir,
  testClock,
} from "@seb/testkit";
import { type Agent, createAgent, type KeyFile, readKey } from "./agent.js";
import { BIN, type Bin, BRIEF_LIFE, DEV_MAIN, FAILPOINT_MAIN, ROOT } from "./build.js";
import { createGitops, type Gitops } from "./gitops.js";
import { createLedger, type Ledger } from "./ledger.js";
import { type RealParts, startRealEnvironment } from "./real-environment.js";
import { fileRecords, type RecordPlace } from "./record-place.js";

export type ServiceName = "signer" | "broker" | "revocation";

/** A failpoint around one step, see `mains/failpoint.mjs`. */
export interface Failpoint {
  readonly step: string;
  readonly when: "before" | "after";
  readonly do: "kill" | "throw" | "pause";
  readonly in?: "broker" | "signer";
}

export interface EnvironmentOptions {
  /** The services follow a clock that the test can set. */
  readonly clock?: boolean;
  /** More environment variables of the services' process. */
  readonly env?: Readonly<Record<string, string>>;
  /** Only over real servers: changes control folder, ceilings and targets before the first start. */
  readonly prepare?: (place: { readonly folder: string; readonly seb: string }) => Promise<void>;
}

const READY_TIMEOUT_MS = 40_000;

/** An environment over a folder of its own: its services, command lines, GitOps repository, records. Embedded, it is one `seb dev` process. */
export interface Environment {
  /** Folder that holds `.seb`; the working directory of the command lines. */
  readonly folder: string;
  readonly seb: string;
  readonly urls: Readonly<Record<ServiceName, string>>;
  readonly agent: Agent;
  readonly gitops: Gitops;
  readonly ledger: Ledger;
  /** The place of the records, for whoever may do there what no service may. */
  readonly records: RecordPlace;
  /** Folder in which the shared store keeps its files. */
  readonly store: string;
  readonly clock: TestClock | undefined;
  /** Servers and processes, where the environment has them. */
  readonly real: RealParts | undefined;
  key(name: string): KeyFile;
  /** Runs a command line of the build in the folder, with nothing of this process's environment but PATH and HOME. */
  run(
    bin: Bin,
    args: readonly string[],
    options?: { env?: Record<string, string>; cwd?: string; input?: string },
  ): Promise<CommandResult>;
  stopService(name: ServiceName): Promise<void>;
  startService(name: ServiceName): Promise<void>;
  /** Ends everything as a crash would: services, store and records. */
  kill9(): Promise<void>;
  /** The same of the services alone, as far as they are separate from what they stand on. */
  killServices(): Promise<void>;
  /** Ends the process in good order; its chains are closed. */
  stop(): Promise<void>;
  /** Starts the process again over the same folder, with a failpoint if given. */
  start(failpoint?: Failpoint): Promise<void>;
  /** Has the failpoint been reached? */
  reached(): boolean;
  /** Lets a paused failpoint go on. */
  resume(): void;
  process(): SpawnedProcess;
  /** Ids of all processes that write something: services, and where there are any, servers. */
  pids(): readonly number[];
  cleanup(): Promise<void>;
}

/** Do tests run over three processes on Redis and NATS? */
export const REAL = process.env.SEB_ENV === "real";

/** Starts an environment and waits until all services are ready: embedded, or with `SEB_ENV=real` as processes over real servers. */
export function startEnvironment(options: EnvironmentOptions = {}): Promise<Environment> {
  return REAL ? startRealEnvironment(options) : startEmbedded(options);
}

async function startEmbedded(options: EnvironmentOptions): Promise<Environment> {
  const place = await tempDir("seb-e2e-");
  const folder = place.path;
  const seb = join(folder, ".seb");
  mkdirSync(join(folder, "home"), { recursive: true });
  const clock = options.clock ? testClock(folder) : undefined;
  let running: SpawnedProcess | undefined;
  let round = 0;
  let urls: Record<ServiceName, string> = { signer: "", broker: "", revocation: "" };
  const marks = () => ({ file: join(folder, `failpoint-${round}`), go: join(folder, `failpoint-${round}-go`) });

  async function start(failpoint?: Failpoint): Promise<void> {
    round += 1;
    const { file, go } = marks();
    const env = {
      PATH: process.env.PATH,
      HOME: join(folder, "home"),
      SEB_ROOT: ROOT,
      ...clock?.env,
      ...options.env,
      ...(failpoint && {
        SEB_FAIL_STEP: failpoint.step,
        SEB_FAIL_WHEN: failpoint.when,
        SEB_FAIL_DO: failpoint.do,
        SEB_FAIL_IN: failpoint.in ?? "broker",
        SEB_FAIL_FILE: file,
        SEB_FAIL_GO: go,
      }),
    };
    const main = failpoint ? FAILPOINT_MAIN : DEV_MAIN;
    running = spawnProcess({
      command: process.execPath,
      args: [...BRIEF_LIFE, main, "--folder", seb, "--json"],
      env,
      cwd: folder,
      logFile: join(folder, "dev.out"),
    });
    const [line] = await running.waitForLine(/^\{"ready":true.*$/, READY_TIMEOUT_MS);
    urls = JSON.parse(line).urls;
  }

  const run: Environment["run"] = (bin, args, more = {}) =>
    runCommand({
      command: process.execPath,
      args: [BIN[bin], ...args],
      cwd: more.cwd ?? folder,
      env: { PATH: process.env.PATH, HOME: join(folder, "home"), ...clock?.env, ...more.env },
      timeoutMs: 60_000,
      ...(more.input === undefined ? {} : { input: more.input }),
    });

  /** What `seb dev stop|start` does, without the time that a command line takes. */
  async function control(name: ServiceName, does: "start" | "stop"): Promise<void> {
    const { control: at } = JSON.parse(readFileSync(join(seb, "dev.json"), "utf8"));
    const answer = await fetch(`${at.url}/v1/services/${name}/${does}`, {
      method: "POST",
      headers: { authorization: `Bearer ${at.token}` },
    });
    if (!answer.ok) throw new Error(`${does} ${name}: ${await answer.text()}`);
  }

  const key = (name: string) => readKey(join(seb, "keys", `${name}.json`));
  await start();
  return {
    folder,
    seb,
    get urls() {
      return urls;
    },
    get agent() {
      return createAgent(urls, key("agent"));
    },
    gitops: createGitops(join(seb, "gitops.git"), folder),
    ledger: createLedger(seb),
    records: fileRecords(createLedger(seb)),
    store: join(seb, "store"),
    clock,
    real: undefined,
    key,
    run,
    stopService: (name) => control(name, "stop"),
    startService: (name) => control(name, "start"),
    async kill9() {
      await running?.kill9();
    },
    async killServices() {
      await running?.kill9();
    },
    async stop() {
      await running?.stop("SIGTERM", 20_000);
    },
    start,
    reached: () => existsSync(marks().file),
    resume: () => mkdirSync(marks().go),
    process() {
      if (!running) throw new Error("nothing runs");
      return running;
    },
    pids: () => [running?.child.pid ?? 0].filter((pid) => pid > 0),
    async cleanup() {
      await running?.stop("SIGTERM", 20_000);
      await place.cleanup();
    },
  };
}

/** Waits until a condition holds. @throws at the timeout, in milliseconds. */
export async function until(what: string, holds: () => boolean | Promise<boolean>, timeoutMs = 15_000): Promise<void> {
  const end = performance.now() + timeoutMs;
  while (!(await holds())) {
    if (performance.now() > end) throw new Error(`not within ${timeoutMs} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}

/** Text of a file below the dev folder. */
export function fileOf(environment: Environment, ...path: string[]): string {
  return readFileSync(join(environment.seb, ...path), "utf8");
}
