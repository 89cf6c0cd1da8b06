import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "@jest/globals";
import { freePort, runCommand, type SpawnedProcess, spawnProcess, type TempDir, tempDir } from "@seb/testkit";
import { BIN, ROOT } from "../harness/build.js";
import { until } from "../harness/environment.js";

const DEPLOYMENT = "/apis/apps/v1/namespaces/checkout/deployments/checkout";
const SERVERS_TIMEOUT_MS = 60_000;
const WALK_TIMEOUT_MS = 150_000;

let place: TempDir;
let servers: SpawnedProcess;
let play: string;
const env = { PATH: process.env.PATH, HOME: process.env.HOME };

/** Addresses that nobody listens on: the walk in the README takes the default ones. */
async function addresses(): Promise<readonly string[]> {
  const flags = [];
  for (const [flag, scheme] of [
    ["redis", "redis"],
    ["nats", "nats"],
    ["nats-monitor", "http"],
    ["signer-url", "http"],
    ["broker-url", "http"],
    ["revocation-url", "http"],
  ])
    flags.push(`--${flag}`, `${scheme}://127.0.0.1:${await freePort()}`);
  return flags;
}

beforeAll(async () => {
  place = await tempDir("seb-walk-");
  play = join(place.path, "play");
  const init = [BIN.seb, "init", "--env", "dev", "--out", play, ...(await addresses())];
  expect(await runCommand({ command: process.execPath, args: init, cwd: ROOT, env })).toMatchObject({ code: 0 });
  servers = spawnProcess({
    command: process.execPath,
    args: [join(ROOT, "infra/dev-servers/play.mjs"), "--env", play],
    cwd: ROOT,
    env,
  });
  await until("the servers' environment is written", () => existsSync(join(play, "environment")), SERVERS_TIMEOUT_MS);
}, 120_000);
afterAll(async () => {
  await servers?.stop("SIGTERM", 20_000);
  await place?.cleanup();
});

/** A plain GET with the installer's token. */
async function get(path: string) {
  const exported = readFileSync(join(play, "environment"), "utf8").matchAll(/^export (\w+)='(.*)'$/gm);
  const variables = Object.fromEntries([...exported].map(([, name = "", value = ""]) => [name, value]));
  const args = [join(ROOT, "infra/dev-servers/kube.mjs"), "get", path];
  const { code, stdout, stderr } = await runCommand({
    command: process.execPath,
    args,
    cwd: ROOT,
    env: { ...env, ...variables },
  });
  if (code !== 0) throw new Error(stderr);
  return JSON.parse(stdout);
}

it(
  "three services over Redis, NATS and a kube-apiserver scale a Deployment under one certificate",
  async () => {
    const args = ["examples/kubernetes/walk.sh", play];
    const walk = await runCommand({ command: "sh", args, cwd: ROOT, env, timeoutMs: WALK_TIMEOUT_MS });
    expect({ code: walk.code, stderr: walk.code === 0 ? "" : walk.stderr }).toEqual({ code: 0, stderr: "" });
    const [, certId] = /^cert_id +(c_[a-z2-7]{26})$/m.exec(walk.stdout) ?? [];
    expect(certId).toBeDefined();

    const deployment = await get(DEPLOYMENT);
    expect(deployment.spec.replicas).toBe(5);
    expect(deployment.metadata.annotations).toMatchObject({ "seb.dev/certificate": certId });
    // The identity that made the change is gone.
    const accounts = await get("/api/v1/namespaces/seb-executions/serviceaccounts");
    expect(accounts.items).toEqual([]);
    const bindings = await get("/apis/rbac.authorization.k8s.io/v1/namespaces/checkout/rolebindings");
    const names = bindings.items.map(({ metadata }: { metadata: { name: string } }) => metadata.name);
    expect(names.filter((name: string) => name.startsWith("seb-c-"))).toEqual([]);
    expect(walk.stdout).toMatch(new RegExp(`certificate ${certId}; records broker-1 \\d+, broker-1 \\d+\\n1 executed`));
  },
  WALK_TIMEOUT_MS,
);
