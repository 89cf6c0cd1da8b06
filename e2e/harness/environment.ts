import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { runCommand, type SpawnedProcess, spawnProcess, tempDir, testClock } from "@seb/testkit";
import { createAgent, readKey } from "./agent.js";
import { BIN, BRIEF_LIFE, DEV_MAIN, FAILPOINT_MAIN, ROOT } from "./build.js";
import { createGitops } from "./gitops.js";
import { createLedger } from "./ledger.js";
import { startRealEnvironment } from "./real-environment.js";
import { fileRecords } from "./record-place.js";
import type { Failpoint, ServiceName } from "./services.js";
import type { Environment, EnvironmentOptions } from "./world.js";

export type { Failpoint, ServiceName } from "./services.js";
export { until } from "./until.js";
export { type Environment, type EnvironmentOptions, fileOf, type RealParts } from "./world.js";

const READY_TIMEOUT_MS = 40_000;

/** Do tests run over three processes on Redis and NATS? */
export const REAL = process.env.SEB_ENV === "real";

/** Starts an environment and waits until all services are ready: embedded, or with `SEB_ENV=real` as processes over real servers. */
export function startEnvironment(options: EnvironmentOptions = {}): Promise<Environment> {
  return REAL ? startRealEnvironment(options) : startEmbedded(options);
}

/** The same as one `seb dev` process, whichever environment the others run in. */
export async function startEmbedded(options: EnvironmentOptions): Promise<Environment> {
  const place = await tempDir("seb-e2e-");
  const folder = place.path;
  const seb = join(folder, ".seb");
  mkdirSync(join(folder, "home"), { recursive: true });
  const clock = options.clock ? testClock(folder) : undefined;
  const started = options.evenNotReady ? /^\{"ready":(?:true|false).*$/ : /^\{"ready":true.*$/;
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
    const [line] = await running.waitForLine(started, READY_TIMEOUT_MS);
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
