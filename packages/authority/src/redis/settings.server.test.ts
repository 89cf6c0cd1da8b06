import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { leftOut, type RunningRedis, startRedis } from "@seb/testkit";
import { Redis } from "ioredis";
import { codeOf, START_MS, takeRequest, value, viewFor } from "../contract/subject.js";
import type { Pin } from "../port.js";
import { openRedisStore, type RedisStore } from "./index.js";

const missing = await leftOut(["redis-server"]);
const suite = missing === undefined ? describe : describe.skip;

const weakened: readonly (readonly [string, string, string])[] = [
  ["appendfsync", "everysec", "always"],
  ["no-appendfsync-on-rewrite", "yes", "no"],
  ["aof-load-truncated", "yes", "no"],
  ["maxmemory-policy", "allkeys-lru", "noeviction"],
  ["replica-serve-stale-data", "yes", "no"],
  ["appendonly", "no", "yes"],
];

async function until(condition: () => boolean): Promise<void> {
  for (let i = 0; i < 600 && !condition(); i++) await sleep(5);
  expect(condition()).toBe(true);
}

suite("a Redis server that is set too weak", () => {
  let server: RunningRedis;
  let store: RedisStore;
  let admin: Redis;
  let pin: Pin;
  beforeAll(async () => {
    server = await startRedis();
    admin = new Redis(server.url, { lazyConnect: true });
    await admin.connect();
    store = value(await openRedisStore({ url: server.url, settingsEveryMs: 20 }));
    const view = viewFor(value(await store.writer.runId()));
    value(await store.writer.write(view));
    pin = { run_id: view.run_id, generation: 1, min_seq: 1, now_ms: START_MS };
  }, 15 * 60_000);
  afterAll(async () => {
    admin.disconnect();
    await store.close();
    await server.dispose();
  });

  async function refused(): Promise<void> {
    const { admission, reader, writer } = store;
    const answers = [admission.take(takeRequest(pin, 1)), admission.lookup("c"), reader.read(), writer.current()];
    for (const answer of answers) expect(codeOf(await answer)).toBe("store_unavailable");
  }

  it.each(weakened)("is not used while %s is %s, and again when that was mended", async (name, weak, strong) => {
    await admin.config("SET", name, weak);
    await until(() => store.health().length > 0);
    expect(store.health()).toEqual([`weak_store: ${name}`]);
    await refused();
    await admin.config("SET", name, strong);
    await until(() => store.health().length === 0);
    expect(codeOf(await store.admission.peek(takeRequest(pin, 1)))).toBe("ok");
  });

  it("is not used as a replica", async () => {
    await admin.replicaof("127.0.0.1", "1");
    await until(() => store.health().includes("weak_store: role"));
    await refused();
    await admin.replicaof("NO", "ONE");
    await until(() => store.health().length === 0);
  });

  it("is not used from the first answer on, nor with fewer replicas than were asked for", async () => {
    const other = await startRedis({ config: { appendfsync: "everysec" } });
    const weak = value(await openRedisStore({ url: other.url }));
    const alone = value(await openRedisStore({ url: server.url, minReplicas: 1 }));
    expect(weak.health()).toEqual(["weak_store: appendfsync"]);
    expect(alone.health()).toEqual(["weak_store: min-replicas-to-write"]);
    for (const it of [weak, alone]) expect(codeOf(await it.writer.runId())).toBe("store_unavailable");
    await weak.close();
    await alone.close();
    await other.dispose();
  });

  it("is a reason for health, not a failure, while it is not there", async () => {
    const other = await startRedis();
    await other.stop();
    const early = value(await openRedisStore({ url: other.url }));
    expect(early.health()).toEqual(["store_unreachable"]);
    expect(codeOf(await early.reader.read())).toBe("store_unavailable");
    await other.restart();
    await until(() => early.health().length === 0);
    expect(codeOf(await early.reader.read())).toBe("store_discontinuity");
    await early.close();
    await other.dispose();
  });
});
