import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "@jest/globals";
import { jetstream } from "@nats-io/jetstream";
import { connect } from "@nats-io/transport-node";
import type { Code, Result } from "@seb/schema";
import { leftOut, type RunningNats, startNats, type TcpProxy, tcpProxy } from "@seb/testkit";
import { administerStreams, type StreamsAdmin } from "../contract/nats-place.js";
import {
  type JetStreamSink,
  type JetStreamSinkOptions,
  type NatsLink,
  openJetStreamSink,
  openNatsLink,
} from "./index.js";

const missing = await leftOut(["nats-server"]);
const suite = missing === undefined ? describe : describe.skip;
const WRITER = "broker-1";

const codeOf = (result: Result<unknown>): Code | "ok" => (result.ok ? "ok" : result.error.code);

async function until(condition: () => Promise<boolean> | boolean, withinMs = 8000): Promise<void> {
  const endMs = performance.now() + withinMs;
  while (!(await condition())) {
    if (performance.now() > endMs) throw new Error("it did not come to pass");
    await sleep(5);
  }
}

suite("a JetStream sink", () => {
  let server: RunningNats;
  let admin: StreamsAdmin;
  let proxy: TcpProxy;
  const opened: { close(): Promise<void> }[] = [];

  beforeAll(async () => {
    server = await startNats();
    admin = await administerStreams({ servers: server.url, reconnectTimeWait: 50, maxReconnectAttempts: -1 });
  }, 15 * 60_000);
  afterAll(async () => {
    await admin.close();
    await server.dispose();
  });
  beforeEach(async () => {
    await admin.remade();
    proxy = await tcpProxy({ targetPort: server.port });
  }, 60_000);
  afterEach(async () => {
    for (const one of opened.splice(0).reverse()) await one.close();
    await proxy.close();
  });

  async function linked(port: number, settingsEveryMs = 5000): Promise<NatsLink> {
    const options = { urls: [`nats://127.0.0.1:${port}`], monitorUrls: [server.monitorUrl], account: "$G" };
    const link = await openNatsLink({ ...options, settingsEveryMs });
    if (!link.ok) throw new Error(link.error.code);
    opened.push(link.value);
    return link.value;
  }
  async function sinkAt(port: number, over: Partial<JetStreamSinkOptions> = {}): Promise<JetStreamSink> {
    const sink = openJetStreamSink({ link: await linked(port), ...over });
    opened.push(sink);
    return sink;
  }
  const messages = async () => (await admin.manager.streams.info("SEB_RECORDS")).state.messages;
  async function linesOf(sink: JetStreamSink): Promise<string[]> {
    const found: string[] = [];
    for await (const line of sink.read(WRITER)) found.push(line);
    return found;
  }

  it("joins lines up to 50 or 512 KB in one message, and reads them back from any place", async () => {
    const sink = await sinkAt(server.port);
    const lines = Array.from({ length: 120 }, (_, n) => `line-${n}`);
    expect(codeOf(await sink.append(WRITER, 0, lines))).toBe("ok");
    expect(await messages()).toBe(3);
    const long = Array.from({ length: 5 }, (_, n) => `${n}${"x".repeat(262_000)}`);
    expect(codeOf(await sink.append(WRITER, 120, long))).toBe("ok");
    expect(await messages()).toBe(3 + 3);
    expect(await linesOf(sink)).toEqual([...lines, ...long]);
    const again = await sinkAt(server.port);
    expect(codeOf(await again.append(WRITER, 125, ["next"]))).toBe("ok");
  });

  it("refuses the older of two processes that hold one chain", async () => {
    const [older, newer] = [await sinkAt(server.port), await sinkAt(server.port)];
    for (const sink of [older, newer]) expect(codeOf(await sink.claim(WRITER))).toBe("ok");
    expect(codeOf(await newer.append(WRITER, 0, ["newer"]))).toBe("ok");
    expect(codeOf(await older.append(WRITER, 0, ["older"]))).toBe("chain_fork");
    expect(codeOf(await newer.append(WRITER, 1, ["newer-1"]))).toBe("ok");
    expect(await linesOf(newer)).toEqual(["newer", "newer-1"]);
  });

  it("refuses a second process that writes the very same line at the same place", async () => {
    const [one, two] = [await sinkAt(server.port), await sinkAt(server.port)];
    for (const sink of [one, two]) expect(codeOf(await sink.claim(WRITER))).toBe("ok");
    const results = await Promise.all([one, two].map((sink) => sink.append(WRITER, 0, ["same"])));
    expect(results.map(codeOf).sort()).toEqual(["chain_fork", "ok"]);
  });

  it("writes a record once when its acknowledgement is lost", async () => {
    const sink = await sinkAt(proxy.port, { ackMs: 400 });
    expect(codeOf(await sink.append(WRITER, 0, ["line-0"]))).toBe("ok");
    proxy.addLatencyMs(60);
    const appended = sink.append(WRITER, 1, ["line-1"]);
    await until(async () => (await messages()) === 2);
    proxy.addLatencyMs(0);
    proxy.cut();
    await sleep(50);
    proxy.resume();
    expect(codeOf(await appended)).toBe("ok");
    expect(codeOf(await sink.append(WRITER, 2, ["line-2"]))).toBe("ok");
    expect(await linesOf(sink)).toEqual(["line-0", "line-1", "line-2"]);
  });

  it("writes each record once and in order while connections break at any moment", async () => {
    const sink = await sinkAt(proxy.port, { ackMs: 300 });
    expect(codeOf(await sink.claim(WRITER))).toBe("ok");
    const lines = Array.from({ length: 12 }, (_, n) => `line-${n}`);
    for (const [n, line] of lines.entries()) {
      proxy.addLatencyMs(3);
      const appended = sink.append(WRITER, n, [line]);
      await sleep(n % 8);
      proxy.cut();
      proxy.addLatencyMs(0);
      await sleep(5);
      proxy.resume();
      expect(codeOf(await appended)).toBe("ok");
    }
    expect(await linesOf(sink)).toEqual(lines);
  }, 15_000);

  it("stores its own record whatever ids another writer has taken before in the same stream", async () => {
    const sink = await sinkAt(server.port);
    expect(codeOf(await sink.append(WRITER, 0, ["first"]))).toBe("ok");
    const thief = await connect({ servers: server.url });
    const stream = jetstream(thief);
    const stored = await admin.manager.streams.getMessage("SEB_RECORDS", { last_by_subj: `seb.records.${WRITER}` });
    // Everything that the last message carries, and what could come next.
    const seen = stored?.header.keys().flatMap((name) => stored.header.values(name)) ?? [];
    expect(seen.length).toBeGreaterThan(0);
    const next = seen.flatMap((value) => [value, value.replace(/\d+$/, (digits) => String(Number(digits) + 1))]);
    for (const [at, msgID] of next.entries())
      await stream.publish("seb.records.broker-2", `taken ${at}`, { msgID }).catch(() => undefined);
    await thief.close();
    expect(codeOf(await sink.append(WRITER, 1, ["second"]))).toBe("ok");
    const lines: string[] = [];
    for await (const line of sink.read(WRITER)) lines.push(line);
    expect(lines).toEqual(["first", "second"]);
  });

  it("tells a fork when another wrote while it was cut off", async () => {
    const sink = await sinkAt(proxy.port, { ackMs: 300 });
    expect(codeOf(await sink.append(WRITER, 0, ["line-0"]))).toBe("ok");
    proxy.pause();
    const appended = sink.append(WRITER, 1, ["mine"]);
    const other = await sinkAt(server.port);
    expect(codeOf(await other.append(WRITER, 1, ["other"]))).toBe("ok");
    proxy.cut();
    proxy.resume();
    expect(codeOf(await appended)).toBe("chain_fork");
    expect(await linesOf(other)).toEqual(["line-0", "other"]);
  });

  it("is broken for good when nothing was acknowledged for too long", async () => {
    const sink = await sinkAt(proxy.port, { ackMs: 100, giveUpMs: 400 });
    expect(codeOf(await sink.claim(WRITER))).toBe("ok");
    proxy.pause();
    expect(codeOf(await sink.append(WRITER, 0, ["line-0"]))).toBe("record_failed");
    proxy.resume();
    expect(codeOf(await sink.append(WRITER, 0, ["line-0"]))).toBe("record_failed");
  });

  it("keeps what it answered for through a kill, and goes on behind it", async () => {
    const sink = await sinkAt(server.port);
    expect(codeOf(await sink.append(WRITER, 0, ["line-0"]))).toBe("ok");
    await server.kill9();
    const appended = sink.append(WRITER, 1, ["line-1"]);
    await sleep(50);
    await server.restart();
    expect(codeOf(await appended)).toBe("ok");
    expect(await linesOf(sink)).toEqual(["line-0", "line-1"]);
  }, 15_000);

  it.each([
    ["deny_delete", { deny_delete: false }],
    ["deny_purge", { deny_purge: false }],
    ["discard", { discard: "old" }],
    ["storage", { storage: "memory" }],
    ["max_age", { max_age: 3_600_000_000_000 }],
    ["max_msgs_per_subject", { max_msgs_per_subject: 1000 }],
    ["allow_rollup_hdrs", { allow_rollup_hdrs: true, deny_purge: false }],
    ["allow_direct", { allow_direct: false }],
  ] as const)("claims nothing on a stream whose %s is weak", async (name, over) => {
    await admin.remade({ ...over } as Parameters<StreamsAdmin["remade"]>[0]);
    const sink = await sinkAt(server.port);
    expect(sink.health()).toContain(`weak_records: ${name}`);
    expect(codeOf(await sink.append(WRITER, 0, ["line-0"]))).toBe("record_failed");
    expect(await messages()).toBe(0);
  });

  it("says that a stream became weak while it ran, and that it is gone", async () => {
    const link = await linked(server.port, 20);
    const sink = openJetStreamSink({ link });
    expect(codeOf(await sink.claim(WRITER))).toBe("ok");
    expect(sink.health()).toEqual([]);
    await admin.remade({ deny_delete: false });
    await until(() => sink.health().includes("weak_records: deny_delete"));
    await admin.manager.streams.delete("SEB_RECORDS");
    await until(() => sink.health().includes("weak_records: stream"));
  });

  it("writes nothing more once the stream became weak, and goes on when it is strong again", async () => {
    const link = await linked(server.port, 20);
    const sink = openJetStreamSink({ link });
    expect(codeOf(await sink.append(WRITER, 0, ["line-0"]))).toBe("ok");
    const { config } = await admin.manager.streams.info("SEB_RECORDS");
    await admin.manager.streams.update("SEB_RECORDS", { ...config, discard: "old" } as typeof config);
    await until(() => sink.health().includes("weak_records: discard"));
    expect(codeOf(await sink.append(WRITER, 1, ["line-1"]))).toBe("record_failed");
    expect(await messages()).toBe(1);
    await admin.manager.streams.update("SEB_RECORDS", config);
    await until(() => sink.health().length === 0);
    expect(codeOf(await sink.append(WRITER, 1, ["line-1"]))).toBe("ok");
    expect(await linesOf(sink)).toEqual(["line-0", "line-1"]);
  });

  it("claims nothing on a server that acknowledges before it has synced", async () => {
    const hasty = await startNats({ syncAlways: false });
    const there = await administerStreams({ servers: hasty.url });
    const options = { urls: [hasty.url], monitorUrls: [hasty.monitorUrl], account: "$G" };
    const link = await openNatsLink(options);
    if (!link.ok) throw new Error(link.error.code);
    const sink = openJetStreamSink({ link: link.value });
    expect(sink.health()).toEqual(["weak_records: sync_interval"]);
    expect(codeOf(await sink.claim(WRITER))).toBe("record_failed");
    await link.value.close();
    await there.close();
    await hasty.dispose();
  });

  it("keeps room for what finishes the begun", async () => {
    await admin.remade({ max_bytes: 100_000 });
    const link = await linked(server.port, 20);
    const sink = openJetStreamSink({ link, reserveBytes: 40_000 });
    expect(await sink.low?.()).toBe(false);
    expect(codeOf(await sink.append(WRITER, 0, ["x".repeat(70_000)]))).toBe("ok");
    await until(async () => (await sink.low?.()) === true);
    expect(codeOf(await sink.append(WRITER, 1, ["x".repeat(70_000)]))).toBe("record_failed");
  });
});
