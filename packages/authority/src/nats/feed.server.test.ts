import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "@jest/globals";
import { type JetStreamManager, jetstreamManager, type StreamConfig } from "@nats-io/jetstream";
import { connect, type NatsConnection } from "@nats-io/transport-node";
import type { StatusClaims } from "@seb/schema";
import { createSealer, generateKeyFile, publicOf, signTrust } from "@seb/seal";
import { leftOut, type RunningNats, startNats, type TcpProxy, tcpProxy, tempDir } from "@seb/testkit";
import { verifyTrust } from "@seb/verify-core";
import { feedContract } from "../contract/feed.js";
import { codeOf, START_MS, value } from "../contract/subject.js";
import { createStatusState } from "../status-state.js";
import { type FeedLink, type NatsFeed, openNatsFeed } from "./index.js";

const missing = await leftOut(["nats-server"]);
const suite = missing === undefined ? describe : describe.skip;
const AUDIENCE = "env:dev";

const infra = new URL("../../../../infra/nats/", import.meta.url);
const definition: StreamConfig = JSON.parse(readFileSync(new URL("streams/SEB_STATUS.json", infra), "utf8"));
const accounts = readFileSync(new URL("accounts.conf", infra), "utf8").replaceAll(/password: \$\w+/g, 'password: "p"');

async function until(condition: () => Promise<boolean> | boolean, withinMs = 9000): Promise<void> {
  const endMs = performance.now() + withinMs;
  while (!(await condition())) {
    if (performance.now() > endMs) throw new Error("it did not come to pass");
    await sleep(5);
  }
}

/** A link as small as can be; that of @seb/records/nats is tried there. */
async function linkTo(port: number, user: string): Promise<FeedLink & { close(): Promise<void> }> {
  const connection = await connect({
    servers: `127.0.0.1:${port}`,
    user,
    pass: "p",
    pingInterval: 300,
    maxPingOut: 2,
    reconnectTimeWait: 50,
    maxReconnectAttempts: -1,
    timeout: 500,
  });
  const receivers = new Set<(connection: NatsConnection) => void>();
  let carries = true;
  const follow = async () => {
    for await (const { type } of connection.status()) {
      if (type === "disconnect") carries = false;
      if (type !== "reconnect") continue;
      carries = true;
      for (const receive of receivers) receive(connection);
    }
  };
  void follow();
  return {
    connection: () => (carries ? connection : undefined),
    onConnect(receive) {
      receivers.add(receive);
      receive(connection);
      return () => receivers.delete(receive);
    },
    stream: () => ({ config: { ...definition } }),
    reasons: () => (carries ? [] : ["nats_unreachable"]),
    close: () => connection.close(),
  };
}

/** A revocation service's key, and a receiver that trusts it; time passes as it does, from the suite's beginning. */
async function environment() {
  const [owner, key] = [await generateKeyFile("owner", "owner-1"), await generateKeyFile("status", "revocation:dev")];
  const sealer = value(await createSealer("status", key));
  const nowSeconds = START_MS / 1000;
  const { kid, jwk } = publicOf(key);
  const validity = { nbf: nowSeconds - 1e6, exp: nowSeconds + 1e6 };
  const keys = [{ kid, role: "status" as const, name: "revocation:dev", jwk, aud: AUDIENCE, ...validity }];
  const owners = [publicOf(owner).jwk];
  const file = await signTrust({ ver: 1, version: 1, iat: nowSeconds - 10, exp: validity.exp, owners, keys }, [owner]);
  const pins = { owners: [publicOf(owner).kid], threshold: 1, minVersion: 1 };
  const trust = value(await verifyTrust(file, pins, nowSeconds));
  const startedMs = performance.now();
  const clock = { nowMs: () => START_MS + performance.now() - startedMs, monotonicMs: () => performance.now() };
  let seq = 1;
  const next = (): Promise<string> => {
    seq += 1;
    const claims: StatusClaims = {
      ver: 1,
      iss: "revocation:dev",
      aud: AUDIENCE,
      seq,
      issued_at_ms: Math.floor(clock.nowMs()),
      epochs: { global: 1, subject: {}, policy: {} },
      bundle: null,
      generation: 1,
      run_id: "run-1",
    };
    return sealer.seal(claims);
  };
  const floor = { load: async () => undefined, save: async () => undefined };
  const stateOver = (feed: NatsFeed) =>
    createStatusState({ trust: () => trust, audience: AUDIENCE, clock, feed, floor, maxAgeMs: 1000 });
  return { next, stateOver };
}

suite("the status feed on a nats-server with accounts", () => {
  const dir = tempDir();
  let server: RunningNats;
  let proxy: TcpProxy;
  let admin: NatsConnection;
  let manager: JetStreamManager;
  let sender: NatsFeed;
  let receiver: NatsFeed;
  const closers: (() => Promise<void> | void)[] = [];

  beforeAll(async () => {
    const authFile = join(dir.path, "accounts.conf");
    writeFileSync(authFile, accounts);
    server = await startNats({ authFile });
    const unending = { reconnectTimeWait: 50, maxReconnectAttempts: -1 };
    admin = await connect({ servers: server.url, user: "admin", pass: "p", ...unending });
    manager = await jetstreamManager(admin, { timeout: 1000 });
  }, 15 * 60_000);
  afterAll(async () => {
    await admin.close();
    await server.dispose();
    dir.cleanup();
  });
  /** A link that is closed behind the test, however that ends. */
  async function linked(port: number, user: string): Promise<FeedLink & { close(): Promise<void> }> {
    const link = await linkTo(port, user);
    closers.push(link.close);
    return link;
  }
  /** A server that a test restarted may not have its streams yet, nor the administrator a connection. */
  async function madeAnew(): Promise<boolean> {
    await manager.streams.delete(definition.name).catch(() => false);
    return manager.streams.add(definition).then(
      ({ state }) => state.last_seq === 0,
      () => false,
    );
  }
  beforeEach(async () => {
    await until(madeAnew, 20_000);
    proxy = await tcpProxy({ targetPort: server.port });
    closers.push(() => proxy.close());
    const [near, far] = [await linked(server.port, "revocation-1"), await linked(proxy.port, "broker-1")];
    sender = openNatsFeed({ link: near, ackMs: 500 });
    receiver = openNatsFeed({ link: far, ackMs: 300 });
    closers.push(
      () => receiver.close(),
      () => sender.close(),
    );
  }, 30_000);
  afterEach(async () => {
    for (const close of closers.splice(0).reverse()) await close();
  });

  feedContract(async () => ({
    feed: { publish: (token) => sender.publish(token), subscribe: (receive) => receiver.subscribe(receive) },
  }));

  it("is in order while tokens are published and the connection breaks again and again", async () => {
    const seen: number[] = [];
    receiver.subscribe((token) => seen.push(Number(token)));
    let published = 0;
    const publishing = (async () => {
      while (published < 150) {
        expect(codeOf(await sender.publish(`${published + 1}`))).toBe("ok");
        published += 1;
        await sleep(2);
      }
    })();
    for (let round = 0; round < 5; round++) {
      await sleep(60);
      proxy.cut();
      await sleep(20);
      proxy.resume();
    }
    await publishing;
    await until(() => seen.at(-1) === 150);
    expect(seen).toEqual([...new Set(seen)].sort((a, b) => a - b));
    expect(receiver.health()).toEqual([]);
  }, 15_000);

  it("makes receivers refuse within their bound when nothing passes, and trust again alone", async () => {
    const { next, stateOver } = await environment();
    const state = stateOver(receiver);
    let beating = true;
    const beat = (async () => {
      while (beating) {
        await sender.publish(await next());
        await sleep(100);
      }
    })();
    await until(() => state.current().ok);
    proxy.pause();
    const startedMs = performance.now();
    await until(() => codeOf(state.current()) === "status_stale");
    expect(performance.now() - startedMs).toBeLessThan(2000);
    await sleep(1000);
    expect(codeOf(state.pin())).toBe("status_stale");
    proxy.resume();
    await until(() => state.current().ok);
    await sleep(300);
    expect(codeOf(state.current())).toBe("ok");
    beating = false;
    await beat;
    state.stop();
  }, 15_000);

  it("follows a server that was killed and started again", async () => {
    const seen: string[] = [];
    receiver.subscribe((token) => seen.push(token));
    for (const n of [1, 2, 3]) await sender.publish(`before-${n}`);
    // What was stored before the first answer arrived is not told one by one.
    await until(() => seen.at(-1) === "before-3");
    await server.kill9();
    await until(async () => codeOf(await sender.publish("lost")) === "store_unavailable");
    await server.restart();
    await until(async () => codeOf(await sender.publish("after")) === "ok");
    await until(() => seen.at(-1) === "after");
    expect(seen).not.toContain("lost");
    expect(new Set(seen).size).toBe(seen.length);
  }, 15_000);

  it("publishes nothing late: what was not acknowledged in time does not arrive when the network is back", async () => {
    const cutOff = await tcpProxy({ targetPort: server.port });
    closers.push(() => cutOff.close());
    const link = await linked(cutOff.port, "revocation-1");
    const feed = openNatsFeed({ link, ackMs: 200 });
    const seen: string[] = [];
    receiver.subscribe((token) => seen.push(token));
    cutOff.cut();
    await until(() => link.connection() === undefined);
    expect(codeOf(await feed.publish("late"))).toBe("store_unavailable");
    cutOff.resume();
    await until(() => link.connection() !== undefined);
    expect(codeOf(await feed.publish("new"))).toBe("ok");
    await until(() => seen.includes("new"));
    expect(seen).toEqual(["new"]);
  });

  it("says that the last status cannot be asked for, and which settings are weak", async () => {
    receiver.subscribe(() => undefined);
    await until(() => receiver.health().length === 0);
    await manager.streams.delete(definition.name);
    proxy.cut();
    proxy.resume();
    await until(() => receiver.health().includes("feed_not_synced"));
    const link = await linked(server.port, "broker-1");
    const weak = (config: object | undefined) =>
      openNatsFeed({ link: { ...link, stream: () => config && { config: { ...definition, ...config } } } }).health();
    expect(weak({})).toEqual([]);
    expect(weak(undefined)).toEqual(["weak_feed: stream"]);
    expect(weak({ max_msgs_per_subject: -1, discard: "new", storage: "memory" })).toEqual([
      "weak_feed: max_msgs_per_subject",
      "weak_feed: discard",
      "weak_feed: storage",
    ]);
    expect(weak({ allow_direct: false, republish: { src: "seb.status", dest: "elsewhere" } })).toEqual([
      "weak_feed: allow_direct",
      "weak_feed: republish",
    ]);
  });

  it.each(["broker-1", "broker-2", "signer-1"])("lets %s listen but not publish", async (user) => {
    const link = await linked(server.port, user);
    const feed = openNatsFeed({ link, ackMs: 200 });
    expect(codeOf(await feed.publish("forged"))).toBe("store_unavailable");
    const seen: string[] = [];
    feed.subscribe((token) => seen.push(token));
    const connection = link.connection();
    // Neither the subject that receivers listen to, nor the answer to a question sent there.
    connection?.publish("seb.status.live", "forged");
    connection?.publish("$JS.API.DIRECT.GET.SEB_STATUS.seb.status", "", { reply: "seb.status.live" });
    connection?.publish("$JS.API.DIRECT.GET.SEB_STATUS.seb.status", "", { reply: "seb.status" });
    await connection?.flush();
    expect(codeOf(await sender.publish("genuine"))).toBe("ok");
    await until(() => seen.length > 0);
    await sleep(50);
    expect(seen).toEqual(["genuine"]);
    expect((await manager.streams.info(definition.name)).state.last_seq).toBe(1);
    feed.close();
  });
});
