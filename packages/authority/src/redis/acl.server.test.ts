import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { leftOut, type RunningRedis, startRedis, tempDir, testCertificates } from "@seb/testkit";
import { Redis } from "ioredis";
import { certId, codeOf, execution, START_MS, takeRequest, value, viewFor } from "../contract/subject.js";
import { openRedisStore, type RedisStore } from "./index.js";
import { BROKER_KEYS, TAKES_PREFIX, VIEW_KEY } from "./keys.js";

const missing = await leftOut(["redis-server"]);
const suite = missing === undefined ? describe : describe.skip;

const USERS = ["admin", "signer", "revocation", "broker", "broker-2"] as const;
type User = (typeof USERS)[number];
const template = readFileSync(new URL("../../../../infra/redis/users.acl.template", import.meta.url), "utf8");

/** Every key but the view: the brokers' own. */
const brokerKeys = [...BROKER_KEYS, `${TAKES_PREFIX}all`];
const writesOf = (key: string): string[][] => [
  ["HSET", key, "a", "b"],
  ["HDEL", key, "a"],
  ["ZADD", key, "1", "a"],
  ["ZREM", key, "a"],
  ["SET", key, "x"],
  ["DEL", key],
  ["UNLINK", key],
  ["EXPIRE", key, "1"],
  ["RENAME", key, "{seb}:elsewhere"],
  ["COPY", "{seb}:elsewhere", key],
  ["RESTORE", key, "0", "x"],
];
/** The same by way of a script, with the name as a key and hidden in the arguments. */
const scripted = ([command = "", ...args]: string[]): string[][] => [
  ["EVAL", `return redis.call('${command}', unpack(ARGV))`, "0", ...args],
  ["EVAL", `return redis.call('${command}', KEYS[1], unpack(ARGV))`, "1", ...args],
];
const operator: string[][] = [
  ["FLUSHALL"],
  ["FLUSHDB"],
  ["SWAPDB", "0", "1"],
  ["CONFIG", "SET", "appendfsync", "no"],
  ["CONFIG", "REWRITE"],
  ["CONFIG", "RESETSTAT"],
  ["ACL", "SETUSER", "broker", "+@all"],
  ["ACL", "LIST"],
  ["SHUTDOWN", "NOSAVE"],
  ["REPLICAOF", "127.0.0.1", "1"],
  ["MODULE", "LIST"],
  ["SCRIPT", "FLUSH"],
  ["SCRIPT", "LOAD", "return 1"],
  ["SCRIPT", "KILL"],
  ["FUNCTION", "LIST"],
  ["MONITOR"],
  ["CLIENT", "KILL", "ID", "1"],
  ["CLIENT", "PAUSE", "1000"],
  ["KEYS", "*"],
  ["SCAN", "0"],
  ["BGREWRITEAOF"],
  ["SAVE"],
  ["MIGRATE", "127.0.0.1", "1", VIEW_KEY, "0", "10"],
  ["PUBLISH", "c", "m"],
  ["SUBSCRIBE", "c"],
  ["SLAVEOF", "127.0.0.1", "1"],
  ["SYNC"],
];
const reads = (key: string): string[][] => [
  ["HGETALL", key],
  ["HGET", key, "a"],
  ["ZSCORE", key, "a"],
  ["DUMP", key],
  ["TYPE", key],
];
const forbidden: Readonly<Record<"signer" | "revocation" | "broker", string[][]>> = {
  signer: [
    ...[VIEW_KEY, ...brokerKeys, "{seb}:elsewhere"].flatMap(writesOf),
    ...brokerKeys.flatMap(reads),
    ...scripted(["HGET", VIEW_KEY, "json"]),
    ["EVALSHA", "0".repeat(40), "0"],
    ...operator,
  ],
  revocation: [
    ...[...brokerKeys, "{seb}:elsewhere"].flatMap(writesOf),
    ...brokerKeys.flatMap(writesOf).flatMap(scripted),
    ...brokerKeys.flatMap(reads),
    ...operator,
  ],
  broker: [
    ...[VIEW_KEY, "{seb}:elsewhere"].flatMap(writesOf),
    ...writesOf(VIEW_KEY).flatMap(scripted),
    ...brokerKeys.map((key) => ["DEL", key]),
    ...reads("{seb}:elsewhere"),
    ...operator,
  ],
};

suite("users of the ACL file", () => {
  const dir = tempDir();
  let server: RunningRedis;
  const files = testCertificates(join(dir.path, "pki"));
  const clients = new Map<User, Redis>();
  const stores = new Map<User, RedisStore>();
  const passwordFile = (user: User) => join(dir.path, `${user}.password`);

  beforeAll(async () => {
    let acl = template;
    for (const user of USERS) {
      writeFileSync(passwordFile(user), `password-of-${user}\n`, { mode: 0o600 });
      const digest = createHash("sha256").update(`password-of-${user}`).digest("hex");
      acl = acl.replaceAll(`\${${user.toUpperCase().replace("-", "_")}_PASSWORD_SHA256}`, digest);
    }
    const aclFile = join(dir.path, "users.acl");
    // An ACL file knows no comments.
    writeFileSync(
      aclFile,
      `${acl
        .split("\n")
        .filter((line) => line.startsWith("user "))
        .join("\n")}\n`,
    );
    server = await startRedis({ aclFile, tls: files });
    for (const user of USERS) {
      const tls = { ca: readFileSync(files.caFile, "utf8") };
      const credentials = { username: user, password: `password-of-${user}` };
      clients.set(user, new Redis({ port: server.port, tls, ...credentials, disableClientInfo: true, protocol: 2 }));
      const options = {
        url: server.url,
        username: user,
        passwordFile: passwordFile(user),
        tls: { caFile: files.caFile },
      };
      stores.set(user, value(await openRedisStore(options)));
    }
  }, 15 * 60_000);
  afterAll(async () => {
    for (const client of clients.values()) client.disconnect();
    for (const store of stores.values()) await store.close();
    await server.dispose();
    dir.cleanup();
  });
  const storeOf = (user: User) => {
    const store = stores.get(user);
    if (store === undefined) throw new Error("not opened");
    return store;
  };

  it("let each service do all that it must, over TLS", async () => {
    for (const user of USERS) expect(storeOf(user).health()).toEqual([]);
    const { writer } = storeOf("revocation");
    const view = viewFor(value(await writer.runId()));
    expect(codeOf(await writer.write(view))).toBe("ok");
    expect(value(await writer.current())).toEqual(view);
    for (const user of USERS) expect(value(await storeOf(user).reader.read())).toEqual(view);
    const { admission } = storeOf("broker");
    const pin = { run_id: view.run_id, generation: 1, min_seq: 1, now_ms: START_MS };
    const ceilings = [{ key: "all", limit: 5, window_seconds: 60 }];
    const request = takeRequest(pin, 1, { ceilings, once: [{ id: "a_1", until: START_MS / 1000 + 60 }] });
    expect(codeOf(await admission.peek(request))).toBe("ok");
    const { fence } = value(await admission.take(request));
    const over = value(await admission.takeOver(certId(1), fence, { broker: "b", boot: 1, life_ms: 1 }, pin));
    expect(codeOf(await admission.note(certId(1), over.fence, execution(request, "unknown", over.fence)))).toBe("ok");
    expect(codeOf(await admission.close(certId(1), over.fence, execution(request, "executed", over.fence)))).toBe("ok");
    expect(value(await admission.open())).toEqual([]);
    expect(value(await admission.lookup(certId(1)))?.answer.state).toBe("executed");
    // Long after: prunes everything.
    expect(codeOf(await admission.take(takeRequest({ ...pin, now_ms: START_MS + 9e8 }, 2, { ceilings })))).toBe("ok");
    expect(value(await admission.lookup(certId(1)))).toBeUndefined();
  });

  it.each(["signer", "revocation", "broker", "broker-2"] as const)("keep the %s from everything else", async (user) => {
    const client = clients.get(user);
    const allowed: string[] = [];
    for (const [command = "", ...args] of forbidden[user === "broker-2" ? "broker" : user]) {
      const answer = await client?.call(command, ...args).then(
        () => "done",
        (error: Error) => error.message,
      );
      // From within a script it is said in other words.
      if (!/NOPERM|can't run this command or subcommand|can't access at least one of the keys/.test(answer ?? "done"))
        allowed.push(`${[command, ...args].join(" ")}: ${answer}`);
    }
    expect(allowed).toEqual([]);
  });

  it("keep adapters of the wrong service from writing", async () => {
    const view = viewFor(value(await storeOf("broker").writer.runId()), { seq: 99 });
    for (const user of ["broker", "broker-2", "signer"] as const)
      expect(codeOf(await storeOf(user).writer.write(view))).toBe("store_unavailable");
    const pin = { run_id: view.run_id, generation: 1, min_seq: 1, now_ms: START_MS + 1e9 };
    for (const user of ["signer", "revocation"] as const)
      expect(codeOf(await storeOf(user).admission.take(takeRequest(pin, 7)))).toBe("store_unavailable");
    expect(value(await storeOf("revocation").writer.current())?.seq).toBe(1);
    expect(value(await storeOf("broker").admission.lookup(certId(7)))).toBeUndefined();
  });

  it("keep what was written over a killed server: its log is loaded whole", async () => {
    const view = value(await storeOf("revocation").writer.current());
    await server.kill9();
    await server.restart();
    const plain = { port: server.port, tls: { ca: readFileSync(files.caFile, "utf8") } };
    const quiet = { disableClientInfo: true, protocol: 2, retryStrategy: () => null } as const;
    const admin = new Redis({ ...plain, ...quiet, username: "admin", password: "password-of-admin" });
    expect(JSON.parse((await admin.hget(VIEW_KEY, "json")) ?? "")).toEqual(view);
    // Written by scripts of two users, as transactions.
    expect(await admin.zcard("{seb}:used")).toBeGreaterThan(0);
    expect(await admin.hlen("{seb}:executions")).toBeGreaterThan(0);
    admin.disconnect();
    expect(readFileSync(server.logFile, "utf8")).not.toContain("AOF-loading-client");
    const nobody = new Redis({ ...plain, ...quiet, enableReadyCheck: false });
    await expect(nobody.call("HGET", VIEW_KEY, "json")).rejects.toThrow("NOAUTH");
    nobody.disconnect();
  });

  it("admit nobody without a user, with another's password, in plaintext or with a certificate of a stranger", async () => {
    const caFile = files.caFile;
    const other = testCertificates(join(dir.path, "other")).caFile;
    const named = { username: "broker", passwordFile: passwordFile("broker") };
    const strangers = [
      { url: server.url, tls: { caFile } },
      { url: server.url, tls: { caFile }, username: "broker", passwordFile: passwordFile("signer") },
      { url: server.url.replace("rediss:", "redis:"), ...named },
      { url: server.url, ...named, tls: { caFile: other } },
      { url: server.url, ...named },
    ];
    const opened = await Promise.all(strangers.map(async (options) => value(await openRedisStore(options))));
    for (const store of opened) {
      expect(store.health()).not.toEqual([]);
      expect(codeOf(await store.writer.runId())).toBe("store_unavailable");
      await store.close();
    }
  });
});
