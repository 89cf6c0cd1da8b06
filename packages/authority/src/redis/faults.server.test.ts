import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "@jest/globals";
import { leftOut, type RunningRedis, startRedis, type TcpProxy, tcpProxy } from "@seb/testkit";
import { Redis } from "ioredis";
import { certId, codeOf, execution, takeRequest, value, viewFor } from "../contract/subject.js";
import type { Pin } from "../port.js";
import { openRedisStore, type RedisStore } from "./index.js";

const missing = await leftOut(["redis-server"]);
const suite = missing === undefined ? describe : describe.skip;

const LATENCY_MS = 60;
const START_MS = 1_700_000_000_000;
const by = { broker: "broker-2", boot: 1, life_ms: 1000 };

async function until(condition: () => Promise<boolean> | boolean, withinMs = 5000): Promise<void> {
  const endMs = performance.now() + withinMs;
  while (!(await condition())) {
    if (performance.now() > endMs) throw new Error("it did not come to pass");
    await sleep(5);
  }
}

suite("a Redis store whose network fails", () => {
  let server: RunningRedis;
  let admin: Redis;
  let proxy: TcpProxy;
  let store: RedisStore;
  let direct: RedisStore;
  let pin: Pin;

  beforeAll(async () => {
    server = await startRedis();
  }, 15 * 60_000);
  afterAll(() => server.dispose());
  beforeEach(async () => {
    admin = new Redis(server.url, { lazyConnect: true });
    await admin.connect();
    await admin.flushall();
    proxy = await tcpProxy({ targetPort: server.port });
    store = value(await openRedisStore({ url: `redis://127.0.0.1:${proxy.port}`, settingsEveryMs: 200 }));
    direct = value(await openRedisStore({ url: server.url }));
    const view = viewFor(value(await direct.writer.runId()));
    value(await direct.writer.write(view));
    pin = { run_id: view.run_id, generation: view.generation, min_seq: view.seq, now_ms: START_MS };
  });
  afterEach(async () => {
    admin.disconnect();
    await store.close();
    await direct.close();
    await proxy.close();
  });

  const openIds = async () => value(await direct.admission.open()).map(({ cert_id }) => cert_id);
  const connected = () => until(() => store.health().length === 0);

  /** Breaks the connection when the script has run and its answer is under way. */
  async function cutBehind(happened: () => Promise<boolean>): Promise<void> {
    await until(happened);
    proxy.addLatencyMs(0);
    proxy.cut();
  }

  /** Starts a call whose answer will be lost. */
  async function losingAnswer<T>(
    call: () => Promise<T>,
    happened: () => Promise<boolean>,
  ): Promise<{ result: Promise<T> }> {
    proxy.addLatencyMs(LATENCY_MS);
    const result = call();
    await cutBehind(happened);
    return { result };
  }

  it("finds its own take again: taken once, with the fence that stands in the store", async () => {
    const request = takeRequest(pin, 1);
    const lost = await losingAnswer(
      () => store.admission.take(request),
      async () => (await openIds()).length === 1,
    );
    proxy.resume();
    const taken = value(await lost.result);
    expect(value(await direct.admission.open())).toMatchObject([{ cert_id: certId(1), fence: taken.fence }]);
    await connected();
    expect(codeOf(await store.admission.take(request))).toBe("already_used");
  });

  it("never says taken when it cannot ask: the entry is then anybody's to take over", async () => {
    const request = takeRequest(pin, 1);
    const lost = await losingAnswer(
      () => store.admission.take(request),
      async () => (await openIds()).length === 1,
    );
    expect(codeOf(await lost.result)).toBe("store_unavailable");
    const [entry] = value(await direct.admission.open());
    expect(codeOf(await direct.admission.takeOver(certId(1), entry?.fence ?? 0, by, pin))).toBe("ok");
  });

  it("gives an entry to one of two calls for one certificate whose answers were both lost", async () => {
    const request = takeRequest(pin, 1);
    const lost = await losingAnswer(
      () => Promise.all([store.admission.take(request), store.admission.take(request)]),
      async () => (await openIds()).length === 1,
    );
    proxy.resume();
    const codes = (await lost.result).map(codeOf).sort();
    expect(codes[0]).toBe("ok");
    expect(["already_used", "store_unavailable"]).toContain(codes[1]);
  });

  it("takes nothing when the question was lost, and leaves the certificate unspent", async () => {
    proxy.pause();
    const asked = store.admission.take(takeRequest(pin, 1));
    await sleep(20);
    proxy.cut();
    proxy.resume();
    expect(codeOf(await asked)).toBe("store_unavailable");
    expect(await openIds()).toEqual([]);
    await connected();
    expect(codeOf(await store.admission.take(takeRequest(pin, 1)))).toBe("ok");
  });

  it("finds its own takeover, closing and view again", async () => {
    const request = takeRequest(pin, 1);
    const { fence } = value(await store.admission.take(request));
    const over = await losingAnswer(
      () => store.admission.takeOver(certId(1), fence, by, pin),
      async () => !value(await direct.admission.holds(certId(1), fence)),
    );
    proxy.resume();
    const entry = value(await over.result);
    expect(value(await direct.admission.holds(certId(1), entry.fence))).toBe(true);

    await connected();
    const executed = execution(request, "executed", entry.fence);
    const closed = await losingAnswer(
      () => store.admission.close(certId(1), entry.fence, executed),
      async () => (await openIds()).length === 0,
    );
    proxy.resume();
    expect(codeOf(await closed.result)).toBe("ok");
    expect(value(await direct.admission.lookup(certId(1)))).toEqual(executed);

    await connected();
    const view = viewFor(pin.run_id, { seq: 2 });
    const written = await losingAnswer(
      () => store.writer.write(view),
      async () => value(await direct.writer.current())?.seq === 2,
    );
    proxy.resume();
    expect(codeOf(await written.result)).toBe("ok");
  });

  it("whatever moment the connection breaks: what was said to be taken is open under that fence, and once", async () => {
    const seen = new Set<string>();
    for (let round = 1; round <= 25; round++) {
      await connected();
      proxy.addLatencyMs(4);
      const asked = store.admission.take(takeRequest(pin, round));
      await sleep((round % 9) * 2);
      proxy.cut();
      proxy.addLatencyMs(0);
      proxy.resume();
      const result = await asked;
      const entry = value(await direct.admission.open()).find(({ cert_id }) => cert_id === certId(round));
      seen.add(`${codeOf(result)} ${entry === undefined ? "absent" : "open"}`);
      if (result.ok) expect(entry?.fence).toBe(result.value.fence);
      else expect(codeOf(result)).toBe("store_unavailable");
    }
    expect(seen).toContain("ok open");
    expect(seen).not.toContain("ok absent");
  });

  it("answers store_unavailable in bounded time while nothing passes, and recovers alone", async () => {
    proxy.pause();
    const startedMs = performance.now();
    const codes = await Promise.all([
      store.admission.take(takeRequest(pin, 1)).then(codeOf),
      store.admission.lookup(certId(1)).then(codeOf),
      store.reader.read().then(codeOf),
      store.writer.runId().then(codeOf),
    ]);
    expect(codes).toEqual(Array.from({ length: 4 }, () => "store_unavailable"));
    expect(performance.now() - startedMs).toBeLessThan(2500);
    await until(() => store.health().includes("store_unreachable"));
    proxy.resume();
    await connected();
    expect(codeOf(await store.reader.read())).toBe("ok");
  });

  it("refuses everything after the store was killed and started, until a view is pinned anew", async () => {
    await server.kill9();
    expect(codeOf(await store.admission.take(takeRequest(pin, 1)))).toBe("store_unavailable");
    expect(store.health()).toEqual(["store_unreachable"]);
    await server.restart();
    await connected();
    expect(codeOf(await store.admission.take(takeRequest(pin, 1)))).toBe("store_discontinuity");
    expect(codeOf(await store.reader.read())).toBe("store_discontinuity");
  });

  it("refuses everything after the store was emptied without a restart", async () => {
    await admin.flushall();
    expect(codeOf(await store.admission.take(takeRequest(pin, 1)))).toBe("store_discontinuity");
    expect(codeOf(await store.reader.read())).toBe("store_discontinuity");
    expect(value(await store.writer.current())).toBeUndefined();
  });

  it("brings its script along when the server has forgotten it", async () => {
    await admin.script("FLUSH");
    expect(codeOf(await store.admission.take(takeRequest(pin, 1)))).toBe("ok");
    expect(await openIds()).toEqual([certId(1)]);
  });

  it("answers store_unavailable for what is not what was written", async () => {
    value(await store.admission.take(takeRequest(pin, 1)));
    await admin.hset("{seb}:executions", certId(1), '{"op":"x"}');
    await admin.hset("{seb}:view", "json", "{}");
    await admin.hset("{seb}:open", certId(1), "[]");
    const { admission, reader, writer } = store;
    const answers = [admission.lookup(certId(1)), admission.open(), admission.holds(certId(1), 1), reader.read()];
    for (const answer of answers) expect(codeOf(await answer)).toBe("store_unavailable");
    expect(codeOf(await writer.current())).toBe("store_unavailable");
  });
});
