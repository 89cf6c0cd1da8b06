import { rm } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { createLocalFeed } from "@seb/authority/embedded";
import { fail, type OrderBody } from "@seb/schema";
import { need, openStore, receiver } from "../../testing/environment.js";
import { openOffice, setUp } from "../../testing/office.js";

let at: Awaited<ReturnType<typeof setUp>>;
beforeEach(async () => {
  at = await setUp();
});
afterEach(() => at.tearDown());

const revokeAgent: OrderBody = { do: "revoke", target: { kind: "subject", value: "agent:oncall-v3" } };
const rebuilds = async () =>
  (await at.office.records()).filter(({ kind }) => kind === "rebuild").map(({ body }) => body.reason);
const lost = fail("store_unavailable", "injected");

async function restartService(over?: Parameters<typeof openOffice>[2]) {
  await at.office.close();
  at.office = await openOffice(at.env, at.store, over);
}
async function restartStore({ wiped = false } = {}) {
  await at.store.close();
  if (wiped) await rm(join(at.env.folder, "store"), { recursive: true });
  at.store = await openStore(at.env);
}

describe("the first start", () => {
  it("rebuilds an empty store once: generation and global epoch begin at 1", async () => {
    expect(await rebuilds()).toEqual(["store_empty"]);
    expect(await at.received.status()).toMatchObject({ generation: 1, seq: 1, epochs: { global: 1 }, bundle: null });
    at.env.clock.pass(500);
    expect(await at.office.beat()).toBe("ok");
    expect(await rebuilds()).toHaveLength(1);
    expect((await at.received.status()).issued_at_ms).toBe(at.env.clock.wall);
  });
});

describe("a restart of the service alone", () => {
  it("is no discontinuity", async () => {
    await at.office.submit("alice", revokeAgent);
    const before = await at.received.status();
    await restartService();
    at.env.clock.pass(500);
    expect(await at.office.beat()).toBe("ok");
    expect(await at.received.status()).toEqual({ ...before, issued_at_ms: at.env.clock.wall });
    expect(await rebuilds()).toHaveLength(1);
    expect(need(await at.store.reader.read()).standing).toHaveLength(1);
  });

  it("keeps the first of two orders and all used ids", async () => {
    const jti = `o_${"c".repeat(26)}`;
    await at.office.submit("alice", revokeAgent, { jti });
    const lift: OrderBody = { do: "lift", target: { kind: "subject", value: "agent:oncall-v3" } };
    expect(await at.office.code("alice", lift)).toBe("order_pending");
    await restartService();
    expect(await at.office.code("alice", revokeAgent, { jti })).toBe("order_replayed");
    expect(await at.office.code("bob", lift)).toBe("ok");
    expect(need(await at.store.reader.read()).standing).toEqual([]);
  });

  it("between journal and view rebuilds: nothing that was recorded is lost, and everything issued before is dead", async () => {
    await restartService((ports) => ({ writer: { ...ports.writer, write: async () => lost } }));
    expect(await at.office.beat()).toBe("ok");
    const before = await at.received.status();
    expect(await at.office.code("alice", revokeAgent)).toBe("store_unavailable");
    expect(need(await at.store.reader.read()).standing).toEqual([]);
    await restartService();
    expect(await at.office.beat()).toBe("ok");
    expect(await rebuilds()).toEqual(["store_empty", "store_differs"]);
    const after = await at.received.status();
    expect(after.generation).toBe(before.generation + 1);
    expect(after.epochs.global).toBe(before.epochs.global + 1);
    expect(need(await at.store.reader.read())).toMatchObject({ seq: after.seq, standing: [{ by: "alice" }] });
  });
});

describe("a discontinuity of the store", () => {
  it.each([false, true])("refuses everything until the view is rebuilt (wiped: %s)", async (wiped) => {
    await at.office.submit("alice", revokeAgent);
    const before = await at.received.status();
    await restartService();
    await at.office.beat();
    await at.office.close();
    await restartStore({ wiped });
    at.office = await openOffice(at.env, at.store);
    const read = await at.store.reader.read();
    expect(read.ok ? "ok" : read.error.code).toBe("store_discontinuity");
    expect(await at.office.beat()).toBe("ok");
    const view = need(await at.store.reader.read());
    expect(view).toMatchObject({ generation: before.generation + 1, standing: [{ by: "alice" }] });
    expect(view.epochs.global).toBe(before.epochs.global + 1);
    expect(view.run_id).toBe(need(await at.store.writer.runId()));
    expect((await rebuilds()).at(-1)).toBe("store_run_changed");
    expect(await at.received.status()).toMatchObject({ seq: view.seq, run_id: view.run_id });
  });

  it("in which the store knows more than the journal loses neither revocations nor epochs", async () => {
    const { writer } = at.store;
    const stored = need(await at.store.reader.read());
    const standing = [
      {
        target: { kind: "action", value: "deploy" } as const,
        order: `o_${"d".repeat(26)}`,
        by: "bob",
        reason: "",
        at_ms: 1,
      },
    ];
    const epochs = { global: 9, subject: { "agent:a": 3 }, policy: {} };
    need(await writer.write({ ...stored, seq: 40, epochs, standing }));
    expect(await at.office.beat()).toBe("ok");
    const view = need(await at.store.reader.read());
    expect(view).toMatchObject({ generation: 2, seq: 41, standing, epochs: { global: 10, subject: { "agent:a": 3 } } });
  });
});

describe("a lost dependency", () => {
  it("of the journal refuses orders, while the heartbeat goes on with what is true", async () => {
    await restartService((ports) => ({
      chain: {
        ...ports.chain,
        history: () => ports.chain.history(),
        append: async () => fail("record_failed", "injected"),
      },
    }));
    const before = await at.received.status();
    const jti = `o_${"e".repeat(26)}`;
    expect(await at.office.code("alice", revokeAgent, { jti })).toBe("record_failed");
    expect(at.office.journal.failed).toBe(true);
    at.env.clock.pass(500);
    expect(await at.office.beat()).toBe("ok");
    expect(await at.received.status()).toMatchObject({ seq: before.seq, epochs: before.epochs });
    await restartService();
    expect(await at.office.code("alice", revokeAgent, { jti })).toBe("ok");
  });

  it("of a journal that hangs is answered in time, and the heartbeat goes on", async () => {
    await restartService((ports) => ({
      chain: { ...ports.chain, history: () => ports.chain.history(), append: () => new Promise(() => {}) },
    }));
    expect(await at.office.code("alice", revokeAgent)).toBe("record_failed");
    at.env.clock.pass(500);
    expect(await at.office.beat()).toBe("ok");
  });

  it("of the store ends the heartbeat; when it is back, the order that waited takes effect without a rebuild", async () => {
    let down = false;
    await restartService((ports) => ({
      writer: {
        ...ports.writer,
        write: async (view) => (down ? lost : ports.writer.write(view)),
      },
    }));
    expect(await at.office.beat()).toBe("ok");
    down = true;
    expect(await at.office.code("alice", revokeAgent)).toBe("store_unavailable");
    at.env.clock.pass(2500);
    expect(await at.office.beat()).toBe("store_unavailable");
    await at.received.state.settled();
    const stale = at.received.state.current();
    expect(stale.ok ? "ok" : stale.error.code).toBe("status_stale");
    down = false;
    expect(await at.office.beat()).toBe("ok");
    expect(await rebuilds()).toHaveLength(1);
    expect(need(await at.store.reader.read()).standing).toHaveLength(1);
  });

  it("of the bundles is a code, and holds up nobody who stops something", async () => {
    await restartService(() => ({ bundles: { get: () => new Promise(() => {}) } }));
    expect(await at.office.beat()).toBe("ok");
    const activate = at.office.code("alice", { do: "activate", bundle: at.env.one, wire: 1 });
    expect(await at.office.code("bob", revokeAgent)).toBe("ok");
    expect(await activate).toBe("store_unavailable");
  });

  it("of the feed leaves the order unacknowledged", async () => {
    await restartService((ports) => ({ feed: { ...ports.feed, publish: async () => lost } }));
    expect(await at.office.code("alice", revokeAgent)).toBe("store_unavailable");
    expect(need(await at.store.reader.read()).standing).toHaveLength(1);
  });
});

describe("the clock", () => {
  it("set back an hour rebuilds, and receivers go on", async () => {
    const before = await at.received.status();
    at.env.clock.wall -= 3_600_000;
    expect(await at.office.beat()).toBe("ok");
    expect((await rebuilds()).at(-1)).toBe("clock_backwards");
    const after = await at.received.status();
    expect(after).toMatchObject({ generation: before.generation + 1, issued_at_ms: at.env.clock.wall });
    expect(await at.office.beat()).toBe("ok");
    expect(await rebuilds()).toHaveLength(2);
  });

  it("set back while the service was down is noticed by the last status, and by the journal where that is lost", async () => {
    await at.office.close();
    at.env.clock.wall -= 3_600_000;
    at.office = await openOffice(at.env, at.store);
    expect(await at.office.beat()).toBe("ok");
    expect((await rebuilds()).at(-1)).toBe("clock_backwards");
    await at.office.close();
    at.env.clock.wall -= 3_600_000;
    at.env.feed = createLocalFeed();
    at.office = await openOffice(at.env, at.store);
    expect(await at.office.beat()).toBe("ok");
    expect(await rebuilds()).toEqual(["store_empty", "clock_backwards", "clock_backwards"]);
  });

  it("set forward an hour and back again recovers alone", async () => {
    at.env.clock.wall += 3_600_000;
    expect(await at.office.beat()).toBe("ok");
    at.env.clock.wall -= 3_600_000;
    expect(await at.office.beat()).toBe("ok");
    expect((await at.received.status()).epochs.global).toBe(2);
  });

  it("that drifts back less than a second keeps issue times rising", async () => {
    const before = await at.received.status();
    at.env.clock.wall -= 900;
    expect(await at.office.beat()).toBe("ok");
    const after = await at.received.status();
    expect(after.issued_at_ms).toBe(before.issued_at_ms + 1);
    expect(await rebuilds()).toHaveLength(1);
  });
});

describe("a status further than the journal", () => {
  it("is overtaken: the journal was replaced by an older one", async () => {
    const before = await at.received.status();
    const epochs = { global: 7, subject: {}, policy: { p: 2 } };
    const claims = { ...before, generation: 5, seq: 30, epochs };
    await at.env.feed.publish(await at.env.statusSealer.seal(claims));
    expect(await at.office.beat()).toBe("ok");
    expect((await rebuilds()).at(-1)).toBe("status_ahead");
    expect(await at.received.status()).toMatchObject({
      generation: 6,
      seq: 31,
      epochs: { global: 8, policy: { p: 2 } },
    });
    const late = receiver(at.env);
    expect((await late.status()).generation).toBe(6);
    late.state.stop();
  });
});
