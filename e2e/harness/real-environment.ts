import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { freePort, runCommand, startNats, startRedis, type TestClock, tempDir, testClock } from "@seb/testkit";
import { createAgent, readKey } from "./agent.js";
import { BIN, PREPARE_MAIN, READ_RECORDS_MAIN, ROOT } from "./build.js";
import { activate, readControl } from "./control.js";
import type { Environment, EnvironmentOptions, Failpoint, ServiceName } from "./environment.js";
import { createGitops } from "./gitops.js";
import { createLedger } from "./ledger.js";
import { type RealService, realService } from "./real-service.js";
import { adaptSettings, type RealServers, SERVICES, settingsFile } from "./real-settings.js";

const STREAM = "SEB_RECORDS";

/** What only separate processes have. */
export interface RealParts extends RealServers {
  readonly services: Readonly<Record<ServiceName, RealService>>;
  /** Folder that `seb init` wrote, the settings taken to this environment. */
  readonly deployed: string;
}

/** Starts Redis and NATS with the users and permissions that `seb init` wrote for them. */
async function startServers(folder: string, deployed: string): Promise<RealServers> {
  const redis = await startRedis({ dir: join(folder, "redis"), aclFile: join(deployed, "servers/redis/users.acl") });
  const nats = await startNats({ dir: join(folder, "nats"), authFile: join(deployed, "servers/nats/users.conf") });
  return { redis, nats };
}

async function initEnvironment(folder: string, seb: string, urls: Readonly<Record<ServiceName, string>>) {
  const deployed = join(folder, "deployed");
  const env = { PATH: process.env.PATH, HOME: join(folder, "home"), SEB_ROOT: ROOT };
  const prepared = { command: process.execPath, args: [PREPARE_MAIN, seb, JSON.stringify(urls)], env, cwd: folder };
  const init = { ...prepared, args: [BIN.seb, "init", "--env", "dev", "--out", deployed] };
  for (const step of [prepared, init]) {
    const ran = await runCommand(step);
    if (ran.code !== 0) throw new Error(`${step.args[0]}: exit ${ran.code}\n${ran.stderr}`);
  }
  return deployed;
}

/** The ledger over copies that are made anew at each look. */
function liveLedger(seb: string, servers: RealServers, deployed: string) {
  const files = createLedger(seb);
  const access = JSON.stringify({
    servers: [servers.nats.url],
    user: "audit",
    passwordFile: join(deployed, "servers/nats/audit.password"),
    stream: STREAM,
  });
  function copy(service: ServiceName): void {
    const file = join(seb, service, "records", `${service}-1.jsonl`);
    const args = [READ_RECORDS_MAIN, `${service}-1`, file, access];
    execFileSync(process.execPath, args, { env: { PATH: process.env.PATH, SEB_ROOT: ROOT }, stdio: "pipe" });
  }
  const copied = <A extends readonly unknown[], R>(look: (service: ServiceName, ...rest: A) => R) => {
    return (service: ServiceName, ...rest: A): R => {
      copy(service);
      return look(service, ...rest);
    };
  };
  return {
    ledger: { of: copied(files.of), path: copied(files.path), find: copied(files.find) },
    copyAll: () => SERVICES.forEach(copy),
  };
}

/** The same environment as three processes over Redis and NATS. */
export async function startRealEnvironment(options: EnvironmentOptions = {}): Promise<Environment> {
  const place = await tempDir("seb-real-");
  const folder = place.path;
  const seb = join(folder, ".seb");
  mkdirSync(join(folder, "home"), { recursive: true });
  const clock: TestClock | undefined = options.clock ? testClock(folder) : undefined;
  const url = async () => `http://127.0.0.1:${await freePort()}`;
  const urls = { signer: await url(), broker: await url(), revocation: await url() };
  const deployed = await initEnvironment(folder, seb, urls);
  const servers = await startServers(folder, deployed);
  adaptSettings(seb, deployed, servers, urls);

  const env = { PATH: process.env.PATH, HOME: join(folder, "home"), SEB_ROOT: ROOT, ...clock?.env, ...options.env };
  const service = (name: ServiceName) =>
    realService({ name, url: urls[name], settings: settingsFile(deployed, name), folder, seb, env });
  const services = { signer: service("signer"), broker: service("broker"), revocation: service("revocation") };
  const { ledger, copyAll } = liveLedger(seb, servers, deployed);
  let round = 0;
  const marks = () => ({ file: join(folder, `failpoint-${round}`), go: join(folder, `failpoint-${round}-go`) });

  /** Starts what does not run, then waits until it is ready; a new environment's bundle is activated on the way. */
  async function start(failpoint?: Failpoint): Promise<void> {
    round += 1;
    const { file, go } = marks();
    const failing = failpoint && {
      SEB_FAIL_STEP: failpoint.step,
      SEB_FAIL_WHEN: failpoint.when,
      SEB_FAIL_DO: failpoint.do,
      SEB_FAIL_FILE: file,
      SEB_FAIL_GO: go,
    };
    for (const name of SERVICES) {
      if (services[name].running) continue;
      const fails = failing !== undefined && name === (failpoint?.in ?? "broker");
      services[name].start(fails ? { env: failing, failpoint: true } : {});
    }
    await services.revocation.ready();
    const onlyBundle = (reasons: readonly string[]) => reasons.every((reason) => reason === "no_active_bundle");
    await services.broker.ready(onlyBundle);
    if ((await services.broker.reasons())?.length !== 0) await activate(environment, readControl(environment));
    for (const name of SERVICES) await services[name].ready();
  }

  const run: Environment["run"] = (bin, args, more = {}) => {
    if (bin === "seb" && args[0] === "audit") copyAll();
    return runCommand({
      command: process.execPath,
      args: [BIN[bin], ...args],
      cwd: more.cwd ?? folder,
      env: { PATH: process.env.PATH, HOME: join(folder, "home"), ...clock?.env, ...more.env },
      timeoutMs: 60_000,
      ...(more.input === undefined ? {} : { input: more.input }),
    });
  };

  const key = (name: string) => readKey(join(seb, "keys", `${name}.json`));
  const stop = async () => {
    for (const name of ["signer", "broker", "revocation"] as const) await services[name].stop();
  };
  const environment: Environment = {
    folder,
    seb,
    urls,
    get agent() {
      return createAgent(urls, key("agent"));
    },
    gitops: createGitops(join(seb, "gitops.git"), folder),
    ledger,
    clock,
    real: { ...servers, services, deployed },
    key,
    run,
    stopService: (name) => services[name].stop(),
    async startService(name) {
      services[name].start();
      await services[name].ready();
    },
    kill9: () => services.broker.kill9(),
    stop,
    start,
    reached: () => existsSync(marks().file),
    resume: () => mkdirSync(marks().go),
    process: () => services.broker.process(),
    async cleanup() {
      await stop();
      await servers.redis.dispose();
      await servers.nats.dispose();
      await place.cleanup();
    },
  };
  await start();
  return environment;
}
