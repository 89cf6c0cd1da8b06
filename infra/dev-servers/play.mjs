// `npm run servers`: all servers on free loopback ports, for playing by hand. Everything is gone after Ctrl-C.
import { randomBytes } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { parse } from "yaml";
import { startKube, startNats, startRedis } from "../../packages/testkit/dist/index.js";
import { say, seconds } from "../process.mjs";
import { run } from "./run.mjs";

/** Who may change what `seb infra render` prints, also once its policies are in force. */
const installer = {
  token: randomBytes(24).toString("base64url"),
  user: "installer",
  groups: ["system:masters", "seb-installers"],
};

/** Starts one server and says how long it took. */
async function timed(name, start) {
  const startedMs = performance.now();
  const server = await start();
  say(`${name} answers at ${server.url} after ${seconds(performance.now() - startedMs)}`);
  return server;
}

const USAGE = `usage: npm run servers [-- --env DIR]
  --env DIR  an environment that \`seb init\` wrote: the servers listen where its settings look for them, admit its users, and have its streams`;

/** Addresses and users that an environment's settings name; nothing without one. */
function plannedBy(dir) {
  if (dir === undefined) return { redis: {}, nats: {} };
  const { redis, nats } = parse(readFileSync(join(dir, "broker", "broker.yaml"), "utf8"));
  const portOf = (url) => Number(new URL(url).port);
  const servers = resolve(dir, "servers");
  return {
    redis: { port: portOf(redis.url), aclFile: join(servers, "redis", "users.acl") },
    nats: {
      port: portOf(nats.servers[0]),
      monitorPort: portOf(nats.monitor_urls[0]),
      authFile: join(servers, "nats", "accounts.conf"),
    },
    admin: ["--user", "admin", "--password-file", join(servers, "nats", "admin.password")],
  };
}

/** One after the other, so that the first one that fails is the last one spoken of. */
async function startAll(folder, running, planned) {
  const dir = (name) => {
    mkdirSync(join(folder, name), { mode: 0o700 });
    return { dir: join(folder, name) };
  };
  const keep = async (name, start) => {
    const server = await timed(name, start);
    running.push(server);
    return server;
  };
  const redis = await keep("redis-server", () => startRedis({ ...dir("redis"), ...planned.redis }));
  const nats = await keep("nats-server", () => startNats({ ...dir("nats"), ...planned.nats }));
  if (planned.admin !== undefined) await makeStreams(nats, planned.admin);
  const kube = await keep("kube-apiserver", () => startKube({ ...dir("kube"), tokens: [installer] }));
  return { redis, nats, kube };
}

async function makeStreams(nats, admin) {
  const script = fileURLToPath(new URL("../nats/streams.mjs", import.meta.url));
  const { code, output } = await run(process.execPath, [script, "--server", nats.url, ...admin], { env: process.env });
  if (code !== 0) throw new Error(`the streams could not be made: ${output}`);
  say("made the streams of records and statuses");
}

function environmentOf(folder, { redis, nats, kube }) {
  const tokenFile = join(folder, "installer.token");
  writeFileSync(tokenFile, installer.token, { mode: 0o600 });
  return {
    SEB_REDIS_URL: redis.url,
    SEB_NATS_URL: nats.url,
    SEB_KUBE_URL: kube.url,
    SEB_KUBE_CA_FILE: kube.caFile,
    SEB_KUBE_TOKEN_FILE: tokenFile,
    SEB_KUBE_AUDIT_LOG: kube.auditLogPath,
    KUBECONFIG: kube.kubeconfig,
  };
}

function tellNext(folder, environment, nats, env) {
  const lines = Object.entries(environment).map(([name, value]) => `export ${name}='${value}'\n`);
  const envFile = join(env ?? folder, "environment");
  writeFileSync(envFile, lines.join(""), { mode: 0o600 });
  const next =
    env === undefined
      ? `  . ${envFile}
  node infra/dev-servers/kube.mjs get /api/v1/namespaces    # or kubectl get namespaces, as an administrator
  curl ${nats.monitorUrl}/jsz                  # sync_always: true
With users and streams for three services: seb init --env dev --out play, then npm run servers -- --env play.`
      : `  sh examples/kubernetes/walk.sh ${env}      # three services, and a certified change of a Deployment`;
  process.stdout.write(`${lines.join("")}
Next, in another terminal:
${next}
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

let env;
let planned;
try {
  env = parseArgs({ options: { env: { type: "string" } } }).values.env;
  planned = plannedBy(env);
} catch (error) {
  console.error(`${error.message}\n${USAGE}`);
  process.exit(2);
}
const folder = mkdtempSync(join(tmpdir(), "seb-servers-"));
process.once("exit", () => rmSync(folder, { recursive: true, force: true, maxRetries: 3 }));
const running = [];
const ended = untilEnd();
try {
  const servers = await Promise.race([startAll(folder, running, planned), ended]);
  if (servers !== undefined) {
    tellNext(folder, environmentOf(folder, servers), servers.nats, env);
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
