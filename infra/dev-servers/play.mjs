// `npm run servers`: all servers on free loopback ports, for playing by hand. Everything is gone after Ctrl-C.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startKube, startNats, startRedis } from "../../packages/testkit/dist/index.js";
import { say, seconds } from "../process.mjs";

/** Starts one server and says how long it took. */
async function timed(name, start) {
  const startedMs = performance.now();
  const server = await start();
  say(`${name} answers at ${server.url} after ${seconds(performance.now() - startedMs)}`);
  return server;
}

/** One after the other, so that the first one that fails is the last one spoken of. */
async function startAll(folder, running) {
  const dir = (name) => {
    mkdirSync(join(folder, name), { mode: 0o700 });
    return { dir: join(folder, name) };
  };
  const keep = async (name, start) => {
    const server = await timed(name, start);
    running.push(server);
    return server;
  };
  const redis = await keep("redis-server", () => startRedis(dir("redis")));
  const nats = await keep("nats-server", () => startNats(dir("nats")));
  const kube = await keep("kube-apiserver", () => startKube(dir("kube")));
  return { redis, nats, kube };
}

function environmentOf({ redis, nats, kube }) {
  return {
    SEB_REDIS_URL: redis.url,
    SEB_NATS_URL: nats.url,
    SEB_KUBE_URL: kube.url,
    SEB_KUBE_CA_FILE: kube.caFile,
    SEB_KUBE_AUDIT_LOG: kube.auditLogPath,
    KUBECONFIG: kube.kubeconfig,
  };
}

function tellNext(folder, environment, nats) {
  const lines = Object.entries(environment).map(([name, value]) => `export ${name}='${value}'\n`);
  const envFile = join(folder, "environment");
  writeFileSync(envFile, lines.join(""), { mode: 0o600 });
  process.stdout.write(`${lines.join("")}
Next, in another terminal:
  . ${envFile}
  kubectl get namespaces                      # as an administrator, with the KUBECONFIG above
  curl ${nats.monitorUrl}/jsz    # sync_always: true
Data, logs and keys are in ${folder} until Ctrl-C here.
`);
}

/** Resolves at Ctrl-C or when this is asked to end. */
function untilEnd() {
  return new Promise((resolve) => {
    // A pending promise alone would not keep the process.
    const idle = setInterval(() => undefined, 60_000);
    const end = () => {
      clearInterval(idle);
      resolve();
    };
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.once(signal, end);
  });
}

const folder = mkdtempSync(join(tmpdir(), "seb-servers-"));
process.once("exit", () => rmSync(folder, { recursive: true, force: true, maxRetries: 3 }));
const running = [];
const ended = untilEnd();
try {
  const servers = await Promise.race([startAll(folder, running), ended]);
  if (servers !== undefined) {
    tellNext(folder, environmentOf(servers), servers.nats);
    await ended;
  }
} catch (error) {
  say(error.message);
  process.exitCode = error.code === "server_unavailable" ? 3 : 1;
} finally {
  say("stopping");
  await Promise.all(running.map((server) => server.stop()));
}
process.exit();
