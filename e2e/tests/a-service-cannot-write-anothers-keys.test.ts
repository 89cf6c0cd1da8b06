import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { recordedOf, type SecondBroker, startSecondBroker } from "../harness/brokers.js";
import type { Environment } from "../harness/environment.js";
import { payloadOf } from "../harness/json.js";
import { startRealEnvironment } from "../harness/real-environment.js";
import { certify, OPERATION } from "../harness/scene.js";
import { natsUser, publish, type Reply, redisUser } from "../harness/store-users.js";
import type { RealParts } from "../harness/world.js";

// Always over real servers: with the users and passwords that `seb init` wrote for them.
let world: Environment;
let second: SecondBroker;
let real: RealParts;
beforeAll(async () => {
  world = await startRealEnvironment();
  if (world.real === undefined) throw new Error("no servers");
  real = world.real;
  second = await startSecondBroker(world);
  // Every family of keys has something in it.
  await expectBothExecute();
});
afterAll(async () => {
  await second?.service.stop();
  await world?.cleanup();
});

let replicas = 6;
/** One certified change by each broker: every service does its own work. */
async function expectBothExecute(agents = [world.agent, second.agent]): Promise<void> {
  for (const agent of agents) {
    replicas += 1;
    const certificate = await certify(world, { bounds: { max_replicas: replicas } });
    const operation = { ...OPERATION, parameters: { ...OPERATION.parameters, replicas } };
    const commits = world.gitops.commits();
    expect((await agent.execute(certificate, operation)).body).toMatchObject({ state: "executed", replayed: false });
    expect(world.gitops.commits()).toBe(commits + 1);
    expect(recordedOf(world, String(payloadOf(certificate).jti)).outcomes).toHaveLength(1);
  }
}

const VIEW = "{seb}:view";
const STRANGE = "{seb}:elsewhere";
const BROKERS_KEYS = [
  ...["used", "once", "open", "busy", "windows", "executions", "executions:times", "marks", "takes:all"],
].map((name) => `{seb}:${name}`);

const writesOf = (key: string): string[][] => [
  ["HSET", key, "a", "b"],
  ["HDEL", key, "a"],
  ["ZADD", key, "1", "a"],
  ["ZREM", key, "a"],
  ["SET", key, "x"],
  ["APPEND", key, "x"],
  ["DEL", key],
  ["UNLINK", key],
  ["EXPIRE", key, "1"],
  ["PERSIST", key],
  ["RENAME", key, STRANGE],
  ["COPY", STRANGE, key],
  ["RESTORE", key, "0", "x"],
  ["SORT", STRANGE, "STORE", key],
];
/** The same by way of a script: the name as a key, and hidden among the arguments. */
const scripted = ([command = "", ...args]: string[]): string[][] => [
  ["EVAL", `return redis.call('${command}', unpack(ARGV))`, "0", ...args],
  ["EVAL", `return redis.call('${command}', KEYS[1], unpack(ARGV))`, "1", ...args],
];
const readsOf = (key: string): string[][] => [
  ["HGETALL", key],
  ["ZSCORE", key, "a"],
  ["DUMP", key],
  ["TYPE", key],
];
/** What only an administrator may do. */
const DANGEROUS: string[][] = [
  ["FLUSHALL"],
  ["FLUSHDB"],
  ["SWAPDB", "0", "1"],
  ["SELECT", "1"],
  ["CONFIG", "SET", "appendfsync", "no"],
  ["CONFIG", "SET", "maxmemory-policy", "allkeys-lru"],
  ["CONFIG", "REWRITE"],
  ["ACL", "SETUSER", "broker", "+@all"],
  ["ACL", "LIST"],
  ["ACL", "LOAD"],
  ["SHUTDOWN", "NOSAVE"],
  ["DEBUG", "RELOAD"],
  ["REPLICAOF", "127.0.0.1", "1"],
  ["SLAVEOF", "127.0.0.1", "1"],
  ["PSYNC", "?", "-1"],
  ["MODULE", "LIST"],
  ["SCRIPT", "FLUSH"],
  ["SCRIPT", "LOAD", "return 1"],
  ["SCRIPT", "KILL"],
  ["FUNCTION", "LOAD", "#!lua name=f\nredis.register_function('f', function() return 1 end)"],
  ["FUNCTION", "FLUSH"],
  ["FCALL", "f", "0"],
  ["MONITOR"],
  ["CLIENT", "KILL", "ID", "1"],
  ["CLIENT", "PAUSE", "1000"],
  ["KEYS", "*"],
  ["SCAN", "0"],
  ["RANDOMKEY"],
  ["BGREWRITEAOF"],
  ["SAVE"],
  ["BGSAVE"],
  ["MIGRATE", "127.0.0.1", "1", VIEW, "0", "10"],
  ["PUBLISH", "c", "m"],
  ["SUBSCRIBE", "c"],
  ["MULTI"],
  ["FAILOVER"],
];
const foreignTo = (keys: readonly string[]) => [...keys.flatMap(writesOf), ...keys.flatMap(writesOf).flatMap(scripted)];
const broker = [...foreignTo([VIEW, STRANGE]), ...BROKERS_KEYS.map((key) => ["DEL", key]), ...readsOf(STRANGE)];
const FORBIDDEN: Readonly<Record<string, string[][]>> = {
  signer: [...foreignTo([VIEW, ...BROKERS_KEYS, STRANGE]), ...BROKERS_KEYS.flatMap(readsOf), ["EVAL", "return 1", "0"]],
  revocation: [...foreignTo([...BROKERS_KEYS, STRANGE]), ...BROKERS_KEYS.flatMap(readsOf)],
  broker,
  "broker-2": broker,
};

const REFUSED =
  /^-.*(?:NOPERM|NOAUTH|DEBUG command not allowed|can't run this command or subcommand|can't access at least one of the keys)/;
/** Commands that were not refused, with what was answered. */
async function letThrough(user: string | undefined, commands: readonly string[][]): Promise<string[]> {
  const connection = await redisUser(real, user);
  const through: string[] = [];
  for (const command of commands) {
    const answer = await connection.call(...command);
    if (typeof answer !== "string" || !REFUSED.test(answer)) through.push(`${command.join(" ")}: ${String(answer)}`);
  }
  connection.close();
  return through;
}

/** All that the store holds, byte for byte. */
async function held(): Promise<Readonly<Record<string, Reply>>> {
  const admin = await redisUser(real, "admin");
  const keys = (await admin.call("KEYS", "*")) as readonly string[];
  const found: Record<string, Reply> = {};
  for (const key of [...keys].sort()) found[key] = await admin.call("DUMP", key);
  admin.close();
  return found;
}

describe("Redis: no user writes what is another service's", () => {
  it.each(Object.keys(FORBIDDEN))("%s: not one key, script or dangerous command", async (user) => {
    expect(Object.keys(await held()).sort()).toEqual(expect.arrayContaining([VIEW, "{seb}:used", "{seb}:executions"]));
    expect(await letThrough(user, [...(FORBIDDEN[user] ?? []), ...DANGEROUS])).toEqual([]);
  });

  it("nobody without a user may do anything; all of it together changed nothing", async () => {
    for (const name of ["revocation", "signer", "broker"] as const) await world.stopService(name);
    await second.service.stop();
    const before = await held();
    expect(await letThrough(undefined, [...foreignTo([VIEW, ...BROKERS_KEYS]), ...readsOf(VIEW)])).toEqual([]);
    for (const [user, commands] of Object.entries(FORBIDDEN))
      expect(await letThrough(user, [...commands, ...DANGEROUS])).toEqual([]);
    expect(await held()).toEqual(before);
    await world.start();
    second.service.start();
    await second.service.ready();
    await expectBothExecute();
  });
});

const WRITERS = ["signer-1", "broker-1", "broker-2", "revocation-1"] as const;
const ADMINISTRATION = [
  ...[
    "INFO",
    "STREAM.NAMES",
    "STREAM.LIST",
    "STREAM.CREATE.MINE",
    "CONSUMER.CREATE.SEB_STATUS",
    "DIRECT.GET.SEB_STATUS",
  ],
  ...["SEB_RECORDS", "SEB_STATUS"].flatMap((stream) => [
    ...["INFO", "UPDATE", "DELETE", "PURGE", "MSG.DELETE", "MSG.GET", "SNAPSHOT", "RESTORE", "LEADER.STEPDOWN"].map(
      (does) => `STREAM.${does}.${stream}`,
    ),
    ...["CREATE", "DURABLE.CREATE", "DELETE", "MSG.NEXT", "PAUSE"].map((does) => `CONSUMER.${does}.${stream}.mine`),
    `CONSUMER.LIST.${stream}`,
  ]),
].map((what) => `$JS.API.${what}`);

/** Messages per subject of both streams, from the server's monitoring. */
async function stored(): Promise<unknown> {
  const answer = await fetch(`${real.nats.monitorUrl}/jsz?acc=STORE&streams=true`);
  const { account_details } = JSON.parse(await answer.text());
  const streams: { name: string; state: { last_seq: number } }[] = account_details[0].stream_detail;
  return Object.fromEntries(streams.map(({ name, state }) => [name, state.last_seq]));
}

describe("NATS: no user writes another's chain, or says what only the revocation service may", () => {
  beforeAll(async () => {
    for (const name of ["revocation", "signer", "broker"] as const) await world.stopService(name);
    await second.service.stop();
  });

  it.each([...WRITERS, "audit"])(
    "%s: not another's subject, no stream, no consumer, no system subject",
    async (user) => {
      const before = await stored();
      const own = [`seb.records.${user}`, ...(user === "revocation-1" ? ["seb.status"] : [])];
      const subjects = [
        ...WRITERS.map((writer) => `seb.records.${writer}`),
        ...["seb.status", "seb.status.live", "seb.records.broker-9", "_INBOX.somebody", "$SYS.REQ.SERVER.PING"],
        ...ADMINISTRATION,
      ].filter((subject) => !own.includes(subject));
      const connection = await natsUser(real, user);
      const errors = await connection.errorsOf(...subjects.map((subject) => publish(subject, "{}")));
      const refused = errors.map((error) => /Permissions Violation for Publish to "(.*)"/i.exec(error)?.[1]);
      expect(subjects.filter((subject) => !refused.includes(subject))).toEqual([]);
      const listens = ["seb.records.>", "seb.>", "$JS.>", "$SYS.>", ">"];
      const deaf = await connection.errorsOf(...listens.map((subject, at) => `SUB ${subject} ${at + 1}`));
      expect(deaf.filter((error) => /Permissions Violation for Subscription/i.test(error))).toHaveLength(
        listens.length,
      );
      connection.close();
      expect(await stored()).toEqual(before);
    },
  );

  it("no question, asked with another's subject to answer to, has an answer stored there", async () => {
    const before = await stored();
    const places = [...WRITERS.map((writer) => `seb.records.${writer}`), "seb.status"];
    for (const user of WRITERS) {
      const connection = await natsUser(real, user);
      const ask = (reply: string) => [
        publish("$JS.API.DIRECT.GET.SEB_RECORDS", '{"seq":1}', reply),
        publish("$JS.API.DIRECT.GET.SEB_STATUS.seb.status", "", reply),
      ];
      const own = [`seb.records.${user}`, ...(user === "revocation-1" ? ["seb.status"] : [])];
      await connection.errorsOf(...places.filter((place) => !own.includes(place)).flatMap(ask));
      // Asked and answered behind the others.
      await connection.errorsOf(
        "SUB _INBOX.mine 9",
        publish("$JS.API.DIRECT.GET.SEB_RECORDS", '{"seq":1}', "_INBOX.mine"),
      );
      connection.close();
    }
    expect(await stored()).toEqual(before);
  });

  it("and each does its own work still", async () => {
    await world.start();
    second.service.start();
    await second.service.ready();
    await expectBothExecute();
    const { stdout } = await world.run("seb", ["audit", "verify", "--running", "--json"]);
    for (const { problems } of JSON.parse(stdout).chains) expect(problems).toEqual([]);
  });

  it("and no id of a message that it takes first makes another's record count as stored", async () => {
    await second.service.stop();
    const thief = await natsUser(real, "broker-2");
    const before = (await stored()) as { SEB_RECORDS: number };
    const lastOf = (writer: string) =>
      thief.ask("$JS.API.DIRECT.GET.SEB_RECORDS", `{"last_by_subj":"seb.records.${writer}"}`);
    // A record of its own again, so that who reads the stream can read it.
    const [, own = ""] = (await lastOf("broker-2")).split("\r\n\r\n");
    for (const victim of ["signer-1", "broker-1"]) {
      const last = await lastOf(victim);
      // What the message's headers hold, and what the next one's could.
      const ids = [...(last.split("\r\n\r\n")[0] ?? "").matchAll(/^[\w-]+: (.+)$/gm)].flatMap(([, value = ""]) =>
        Array.from({ length: 40 }, (_, more) =>
          value.trim().replace(/\d+$/, (digits) => String(Number(digits) + more)),
        ),
      );
      expect(ids.length).toBeGreaterThan(0);
      const taken = [...new Set(ids)].map((id) => {
        const head = `NATS/1.0\r\nNats-Msg-Id: ${id}\r\n\r\n`;
        return `HPUB seb.records.broker-2 ${head.length} ${head.length + own.length}\r\n${head}${own}`;
      });
      expect(await thief.errorsOf(...taken)).toEqual([]);
    }
    thief.close();
    expect(((await stored()) as { SEB_RECORDS: number }).SEB_RECORDS).toBeGreaterThan(before.SEB_RECORDS);
    for (let again = 0; again < 3; again++) await expectBothExecute([world.agent]);
  });
});
