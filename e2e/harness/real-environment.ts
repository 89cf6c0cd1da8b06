import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { freePort, runCommand, startNats, startRedis, type TestClock, tempDir, testClock } from "@seb/testkit";
import { createAgent, readKey } from "./agent.js";
import { BIN, BRIEF_LIFE, PREPARE_MAIN, ROOT } from "./build.js";
import { activate, readControl } from "./control.js";
import { createGitops } from "./gitops.js";
import { liveLedger } from "./real-ledger.js";
import { streamRecords } from "./real-records.js";
import { realService } from "./real-service.js";
import { adaptSettings, auditFlags, auditPassword, type RealServers, SERVICES, settingsFile } from "./real-settings.js";
import type { Failpoint, ServiceName } from "./services.js";
import type { Environment, EnvironmentOptions } from "./world.js";

/** Starts Redis and NATS with the users and permissions that `seb init` wrote for them. */
async function startServers(folder: string, deployed: string): Promise<RealServers> {
  const startBroadcast = async () => {
    const nats = await startNats({ dir: join(folder, "nats"), authFile: join(deployed, "servers/nats/accounts.conf") });
    const admin = ["--user", "admin", "--password-file", join(deployed, "servers/nats/admin.password")];
    await runNode([`${ROOT}/infra/nats/streams.mjs`, "--server", nats.url, ...admin]);
    return nats;
  };
  const [redis, nats] = await Promise.all([
    startRedis({ dir: join(folder, "redis"), aclFile: join(deployed, "servers/redis/users.acl") }),
    startBroadcast(),
  ]);
  return { redis, nats };
}

async function runNode(args: readonly string[], options: { env?: Record<string, string>; cwd?: string } = {}) {
  const ran = await runCommand({ command: process.execPath, args, ...options });
  if (ran.code !== 0) throw new Error(`${args[0]}: exit ${ran.code}\n${ran.stderr}`);
}

/** Makes the folders and the servers: what `seb dev` would prepare, beside what `seb init` writes and the servers that it is for. */
async function makeEnvironment(folder: string, seb: string, urls: Readonly<Record<ServiceName, string>>) {
  const deployed = join(folder, "deployed");
  const env = { PATH: process.env.PATH ?? "", HOME: join(folder, "home"), SEB_ROOT: ROOT };
  const second = ["--broker-2-url", `http://127.0.0.1:${await freePort()}`];
  const addresses = [...SERVICES.flatMap((name) => [`--${name}-url`, urls[name]]), ...second];
  const deploy = async () => {
    await runNode([BIN.seb, "init", "--env", "dev", "--out", deployed, ...addresses], { env, cwd: folder });
    return startServers(folder, deployed);
  };
  const [servers] = await Promise.all([
    deploy(),
    runNode([...BRIEF_LIFE, PREPARE_MAIN, seb, JSON.stringify(urls)], { env, cwd: folder }),
  ]);
  return { deployed, servers };
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
  const { deployed, servers } = await makeEnvironment(folder, seb, urls);
  for (const own of ["bundles", ...SERVICES]) mkdirSync(join(seb, own), { recursive: true });
  adaptSettings(seb, deployed, servers);
  await options.prepare?.({ folder, seb });

  const env = { PATH: process.env.PATH, HOME: join(folder, "home"), SEB_ROOT: ROOT, ...clock?.env, ...options.env };
  const service = (name: ServiceName) =>
    realService({ name, url: urls[name], settings: settingsFile(deployed, name), folder, seb, env });
  const services = { signer: service("signer"), broker: service("broker"), revocation: service("revocation") };
  const { ledger, close: closeLedger } = liveLedger(seb, servers, deployed);
  let round = 0;
  let killed = false;
  /** A failpoint that kills: what it was set in must be seen to be gone before it is started again. */
  let ended: Promise<unknown> | undefined;
  const marks = () => ({ file: join(folder, `failpoint-${round}`), go: join(folder, `failpoint-${round}-go`) });

  /** Starts what does not run, then waits until it is ready; a new environment's bundle is activated on the way. */
  async function start(failpoint?: Failpoint): Promise<void> {
    const { file: reachedFile } = marks();
    round += 1;
    if (ended !== undefined && existsSync(reachedFile)) await ended;
    ended = undefined;
    // Where somebody deleted the store's folder, there is an empty one again.
    mkdirSync(servers.redis.dataDir, { recursive: true });
    if (killed) await Promise.all([servers.redis.restart(), servers.nats.restart()]);
    killed = false;
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
      if (fails && failpoint?.do === "kill") ended = services[name].process().exited;
    }
    await services.revocation.ready();
    const onlyBundle = (reasons: readonly string[]) => reasons.every((reason) => reason === "no_active_bundle");
    await services.broker.ready(onlyBundle);
    if ((await services.broker.reasons())?.length !== 0) await activate(environment, readControl(environment));
    for (const name of SERVICES) await services[name].ready();
  }

  /** Without a place named, `seb audit` reads where the records are. */
  const inStream = auditFlags(seb, { url: servers.nats.url, passwordFile: auditPassword(deployed) });
  const run: Environment["run"] = (bin, args, more = {}) => {
    const named = args.some((arg) => ["--records", "--nats", "--help"].includes(arg));
    const place = bin === "seb" && args[0] === "audit" && !named ? inStream : [];
    return runCommand({
      command: process.execPath,
      args: [BIN[bin], ...args, ...place],
      cwd: more.cwd ?? folder,
      env: { PATH: process.env.PATH, HOME: join(folder, "home"), ...clock?.env, ...more.env },
      timeoutMs: 60_000,
      ...(more.input === undefined ? {} : { input: more.input }),
    });
  };

  const key = (name: string) => readKey(join(seb, "keys", `${name}.json`));
  const killServices = async () => {
    await Promise.all(SERVICES.map((name) => services[name].kill9()));
  };
  const stop = async () => {
    await Promise.all(SERVICES.map((name) => services[name].stop()));
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
    records: streamRecords(servers, deployed),
    store: servers.redis.dataDir,
    clock,
    real: { ...servers, services, deployed },
    key,
    run,
    stopService: (name) => services[name].stop(),
    async startService(name) {
      services[name].start();
      await services[name].listening();
    },
    async kill9() {
      await Promise.all([killServices(), servers.redis.kill9(), servers.nats.kill9()]);
      killed = true;
    },
    killServices,
    stop,
    start,
    reached: () => existsSync(marks().file),
    resume: () => mkdirSync(marks().go),
    process: () => services.broker.process(),
    pids: () => {
      const own = SERVICES.filter((name) => services[name].running).map((name) => services[name].process().child.pid);
      return [...own, servers.redis.pid(), servers.nats.pid()].filter((pid) => pid !== undefined);
    },
    async cleanup() {
      await stop();
      await closeLedger();
      await servers.redis.dispose();
      await servers.nats.dispose();
      await place.cleanup();
    },
  };
  try {
    await start();
  } catch (error) {
    await environment.cleanup();
    throw error;
  }
  return environment;
}
