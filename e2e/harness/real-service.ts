import { join } from "node:path";
import { type SpawnedProcess, spawnProcess } from "@seb/testkit";
import { BRIEF_LIFE, FAILPOINT_SERVICE_MAIN, SERVICE_MAIN } from "./build.js";
import type { ServiceName } from "./services.js";

const READY_TIMEOUT_MS = 40_000;
const DRAIN_MS = 20_000;

/** One service's process, started and stopped as a supervisor would. */
export interface RealService {
  start(options?: { readonly env?: Readonly<Record<string, string>>; readonly failpoint?: boolean }): void;
  stop(): Promise<void>;
  kill9(): Promise<void>;
  readonly running: boolean;
  process(): SpawnedProcess;
  /** Waits until it has what it needs to open and takes requests; it need not be ready. */
  listening(): Promise<void>;
  /** Reasons of `/readyz`; undefined while nothing answers. */
  reasons(): Promise<readonly string[] | undefined>;
  /** Waits until the reasons are as wanted; none by default. @throws at the timeout with the last reasons. */
  ready(wanted?: (reasons: readonly string[]) => boolean): Promise<void>;
}

export interface RealServiceOptions {
  readonly name: ServiceName;
  readonly url: string;
  readonly settings: string;
  readonly folder: string;
  readonly seb: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

export function realService({ name, url, settings, folder, seb, env }: RealServiceOptions): RealService {
  let running: SpawnedProcess | undefined;

  async function reasons(): Promise<readonly string[] | undefined> {
    try {
      const answer = await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(5000) });
      const body = JSON.parse(await answer.text());
      return answer.ok ? [] : body.facts.reasons;
    } catch {
      return undefined;
    }
  }

  return {
    start(options = {}) {
      const main = options.failpoint ? [FAILPOINT_SERVICE_MAIN, name] : [SERVICE_MAIN[name]];
      const started = spawnProcess({
        command: process.execPath,
        args: [...BRIEF_LIFE, ...main, "--config", settings],
        env: { ...env, ...options.env },
        cwd: folder,
        logFile: join(seb, name, "log.jsonl"),
      });
      running = started;
      void started.exited.then(() => {
        if (running === started) running = undefined;
      });
    },
    async stop() {
      await running?.stop("SIGTERM", DRAIN_MS);
    },
    async kill9() {
      await running?.kill9();
    },
    get running() {
      return running !== undefined;
    },
    process() {
      if (!running) throw new Error(`${name} does not run`);
      return running;
    },
    async listening() {
      await running?.waitForLine(/"msg":"listening"/, READY_TIMEOUT_MS);
    },
    reasons,
    async ready(wanted = (found) => found.length === 0) {
      const end = performance.now() + READY_TIMEOUT_MS;
      for (;;) {
        const found = await reasons();
        if (found !== undefined && wanted(found)) return;
        if (performance.now() > end || (running === undefined && found === undefined))
          throw new Error(`${name} is not as wanted: ${JSON.stringify(found ?? "no answer")}`);
        await new Promise((resolve) => setTimeout(resolve, 25));
      }
    },
  };
}
