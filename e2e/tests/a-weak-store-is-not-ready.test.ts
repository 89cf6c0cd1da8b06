import { readFileSync, writeFileSync } from "node:fs";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "@jest/globals";
import { parse, stringify } from "yaml";
import { type Environment, until } from "../harness/environment.js";
import { startRealEnvironment } from "../harness/real-environment.js";
import { SERVICES, settingsFile } from "../harness/real-settings.js";
import { certify, hotfix, OPERATION } from "../harness/scene.js";
import { natsUser, redisUser } from "../harness/store-users.js";
import type { RealParts } from "../harness/world.js";

// Always over real servers: their settings are what this is about.
let world: Environment;
let real: RealParts;
/** Certified before the stores were weakened: but for that it would be executed. */
let certificate: string;
beforeAll(async () => {
  world = await startRealEnvironment();
  if (world.real === undefined) throw new Error("no servers");
  real = world.real;
});
afterAll(() => world?.cleanup());

/** A number of replicas of its own for each change, so that each one is a commit. */
let replicas = 6;
const nextReplicas = () => (replicas === 12 ? 6 : replicas + 1);
let operation: Record<string, unknown>;
let observation: string;
beforeEach(async () => {
  await allReady();
  replicas = nextReplicas();
  const observed = await world.agent.observe({ action: "deploy", service: "checkout", region: "us-east-1" });
  observation = String(observed.body.observation);
  certificate = await certify(world, { bounds: { max_replicas: replicas } });
  operation = { ...OPERATION, parameters: { ...OPERATION.parameters, replicas } };
});

/** The services look at their servers' settings every two seconds. */
const NOTICED_WITHIN_MS = 60_000;
const allReady = async () => {
  for (const name of SERVICES) await real.services[name].ready();
};

/** Waits until each service gives this reason. */
const allSay = (reason: string, services: readonly (typeof SERVICES)[number][] = SERVICES) =>
  until(
    `all say ${reason}`,
    async () => {
      const said = await Promise.all(services.map((name) => real.services[name].reasons()));
      return said.every((reasons) => reasons?.includes(reason) === true);
    },
    NOTICED_WITHIN_MS,
  );

/** Nothing is executed now, and nothing certified. */
async function expectNothingHappens(): Promise<void> {
  const head = world.gitops.head();
  const answer = await world.agent.execute(certificate, operation);
  expect({ status: answer.status, state: answer.body.state }).toEqual({ status: 503, state: undefined });
  expect(["store_unavailable", "record_failed", "not_ready", "status_stale", "status_missing"]).toContain(
    answer.body.code,
  );
  const asked = await world.agent.request(hotfix(world), { observation });
  expect(asked.status).toBeGreaterThanOrEqual(400);
  expect(asked.body.certificate).toBeUndefined();
  expect(world.gitops.head()).toBe(head);
}

/** A change is certified and executed: all is well again. */
async function expectWorks(): Promise<void> {
  await allReady();
  replicas = nextReplicas();
  const next = await certify(world, { bounds: { max_replicas: replicas } });
  const commits = world.gitops.commits();
  const parameters = { ...OPERATION.parameters, replicas };
  expect((await world.agent.execute(next, { ...OPERATION, parameters })).body).toMatchObject({ state: "executed" });
  expect(world.gitops.commits()).toBe(commits + 1);
}

async function setRedis(settings: readonly (readonly [name: string, value: string])[]): Promise<void> {
  const admin = await redisUser(real, "admin");
  for (const [name, value] of settings) expect(await admin.call("CONFIG", "SET", name, value)).toBe("OK");
  admin.close();
}
const REDIS = [
  ["appendfsync", "everysec", "always"],
  ["appendonly", "no", "yes"],
  ["no-appendfsync-on-rewrite", "yes", "no"],
  ["aof-load-truncated", "yes", "no"],
  ["maxmemory-policy", "allkeys-lru", "noeviction"],
  ["replica-serve-stale-data", "yes", "no"],
] as const;
const weakened = REDIS.map(([name, weak]) => [name, weak] as const);
const strong = REDIS.map(([name, , value]) => [name, value] as const);

describe("Redis that may lose what it answered for", () => {
  it("two settings at a time, set while the services run: none of them is ready, nothing happens", async () => {
    for (let at = 0; at < REDIS.length; at += 2) {
      const two = REDIS.slice(at, at + 2);
      await setRedis(two.map(([name, weak]) => [name, weak]));
      for (const [name] of two) await allSay(`weak_store: ${name}`);
      await expectNothingHappens();
      await setRedis(two.map(([name, , value]) => [name, value]));
    }
    await allReady();
    // The certificate was not spent by any of it.
    const answer = await world.agent.execute(certificate, operation);
    if (answer.body.code !== "expired") expect(answer.body).toMatchObject({ state: "executed", replayed: false });
  }, 240_000);

  it("found weak at start: each service names every setting, and works when they are put right", async () => {
    await world.stop();
    await setRedis(weakened);
    for (const name of SERVICES) real.services[name].start();
    for (const [name] of REDIS) await allSay(`weak_store: ${name}`);
    await expectNothingHappens();
    await setRedis(strong);
    await expectWorks();
  });
});

/** Changes a stream's settings as the administrator of NATS. Answers the way back. */
async function weakenStream(stream: string, change: Record<string, unknown>): Promise<() => Promise<void>> {
  const admin = await natsUser(real, "admin");
  const { config } = JSON.parse(await admin.ask(`$JS.API.STREAM.INFO.${stream}`, ""));
  admin.close();
  const set = async (settings: unknown) => {
    const again = await natsUser(real, "admin");
    const answer = JSON.parse(await again.ask(`$JS.API.STREAM.UPDATE.${stream}`, JSON.stringify(settings)));
    again.close();
    expect(answer.error).toBeUndefined();
  };
  await set({ ...config, ...change });
  return () => set(config);
}
const HOUR_NS = 3_600_000_000_000;

describe("NATS that may lose or forget records", () => {
  it.each([
    [["discard", "max_age"], { discard: "old", max_age: HOUR_NS }],
    [["allow_direct"], { allow_direct: false }],
  ] as const)(
    "a stream whose %j is changed while the services run: nothing is recorded there, so nothing happens",
    async (names, change) => {
      const strengthen = await weakenStream("SEB_RECORDS", change);
      for (const name of names) await allSay(`weak_records: ${name}`);
      await expectNothingHappens();
      // Whoever could not record opens anew, and still finds it weak.
      for (const name of names) await allSay(`weak_records: ${name}`);
      await strengthen();
      await expectWorks();
    },
  );

  it("a status feed that does not keep the last word alone makes nobody ready", async () => {
    const strengthen = await weakenStream("SEB_STATUS", { max_msgs_per_subject: 5 });
    await allSay("weak_feed: max_msgs_per_subject");
    await strengthen();
    await expectWorks();
  });

  it("a server that answers before the disk does: seen while the services run and at their start", async () => {
    const text = readFileSync(real.nats.configFile, "utf8");
    expect(text).toContain("sync_interval: always");
    writeFileSync(real.nats.configFile, text.replace("sync_interval: always", "sync_interval: 2m"));
    await real.nats.restart();
    await allSay("weak_records: sync_interval");
    await expectNothingHappens();
    await world.stop();
    for (const name of SERVICES) real.services[name].start();
    await allSay("weak_records: sync_interval");
    await expectNothingHappens();
    writeFileSync(real.nats.configFile, text);
    await real.nats.restart();
    await expectWorks();
  });
});

/** An address that nobody has (RFC 5737), and that is not loopback. */
const FAR = "192.0.2.1";
type Settings = {
  redis: { url: string; username?: string; password_file?: string; ca_file?: string };
  nats: { servers: string[]; monitor_urls: string[]; username?: string; password_file?: string };
};
const nobody = (section: { username?: string; password_file?: string }) => {
  delete section.username;
  delete section.password_file;
};

describe("a store elsewhere, in plaintext or for everybody", () => {
  it.each<[string, readonly string[], (settings: Settings) => void]>([
    [
      "Redis without TLS and user",
      ["store_plaintext", "store_anonymous"],
      ({ redis }) => {
        redis.url = `redis://${FAR}:6379`;
        nobody(redis);
      },
    ],
    [
      "NATS without TLS and user, its monitoring in plaintext",
      ["nats_plaintext", "nats_anonymous", "nats_monitor_plaintext"],
      ({ nats }) => {
        nats.servers = [`nats://${FAR}:4222`];
        nats.monitor_urls = [`http://${FAR}:8222`];
        nobody(nats);
      },
    ],
  ])("%s: no service is ready, nothing happens", async (_what, reasons, change) => {
    const files = SERVICES.map((name) => settingsFile(real.deployed, name));
    const before = files.map((file) => readFileSync(file, "utf8"));
    await world.stop();
    for (const [at, file] of files.entries()) {
      const settings = parse(before[at] ?? "");
      change(settings);
      writeFileSync(file, stringify(settings));
    }
    for (const name of SERVICES) real.services[name].start();
    for (const reason of reasons) await allSay(reason);
    await expectNothingHappens();
    await world.stop();
    for (const [at, file] of files.entries()) writeFileSync(file, before[at] ?? "");
    await world.start();
  });
});
