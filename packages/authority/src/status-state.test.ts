import { describe, expect, it } from "@jest/globals";
import type { StatusClaims } from "@seb/schema";
import { createSealer, generateKeyFile, publicOf, signTrust } from "@seb/seal";
import { type Trust, verifyTrust } from "@seb/verify-core";
import { codeOf, START_MS, value } from "./contract/subject.js";
import { createLocalFeed } from "./embedded/index.js";
import type { StatusFloor, StatusFloorStore } from "./floor.js";
import { createStatusState } from "./status-state.js";

const AUDIENCE = "env:dev";

async function environment() {
  const [owner, key] = [await generateKeyFile("owner", "owner-1"), await generateKeyFile("status", "revocation:dev")];
  const sealer = value(await createSealer("status", key));
  const nowSeconds = START_MS / 1000;
  const { kid, jwk } = publicOf(key);
  const file = await signTrust(
    {
      ver: 1,
      version: 1,
      iat: nowSeconds - 10,
      exp: nowSeconds + 1e6,
      owners: [publicOf(owner).jwk],
      keys: [
        {
          kid,
          role: "status",
          name: "revocation:dev",
          jwk,
          aud: AUDIENCE,
          nbf: nowSeconds - 1e6,
          exp: nowSeconds + 1e6,
        },
      ],
    },
    [owner],
  );
  const pins = { owners: [publicOf(owner).kid], threshold: 1, minVersion: 1 };
  const trust: Trust = value(await verifyTrust(file, pins, nowSeconds));
  const clock = { wall: START_MS, mono: 5000, nowMs: () => clock.wall, monotonicMs: () => clock.mono };
  const pass = (ms: number) => {
    clock.wall += ms;
    clock.mono += ms;
  };
  const claims = (over: Partial<StatusClaims> = {}): StatusClaims => ({
    ver: 1,
    iss: "revocation:dev",
    aud: AUDIENCE,
    seq: 1,
    issued_at_ms: clock.wall,
    epochs: { global: 1, subject: {}, policy: {} },
    bundle: null,
    generation: 1,
    run_id: "run-1",
    ...over,
  });
  const feed = createLocalFeed();
  const floor = memoryFloor();
  const state = () => createStatusState({ trust: () => trust, audience: AUDIENCE, clock, feed, floor });
  return { sealer, clock, pass, claims, feed, floor, state };
}

function memoryFloor(): StatusFloorStore & { kept?: StatusFloor; fails: boolean; saves: number } {
  return {
    fails: false,
    saves: 0,
    async load() {
      if (this.fails) throw new Error("floor");
      return this.kept;
    },
    async save(floor) {
      if (this.fails) throw new Error("floor");
      this.kept = floor;
      this.saves += 1;
    },
  };
}

async function listening() {
  const env = await environment();
  const state = env.state();
  const send = async (over: Partial<StatusClaims> = {}) => {
    await env.feed.publish(await env.sealer.seal(env.claims(over)));
    await state.settled();
    return codeOf(state.current());
  };
  return { ...env, state, send, reopen: env.state };
}

describe("status state", () => {
  it("is missing before the first status and gives a pin after it", async () => {
    const { state, send } = await listening();
    expect(codeOf(state.current())).toBe("status_missing");
    expect(await send({ seq: 4, generation: 2 })).toBe("ok");
    expect(value(state.pin())).toEqual({ run_id: "run-1", generation: 2, min_seq: 4, now_ms: START_MS });
  });

  it("is fresh up to its bound by both clocks, and no longer", async () => {
    const { state, send, clock, pass } = await listening();
    await send();
    pass(2000);
    expect(codeOf(state.current())).toBe("ok");
    pass(1);
    expect(codeOf(state.pin())).toBe("status_stale");
    expect(await send()).toBe("ok");
    clock.mono += 2001;
    expect(codeOf(state.current())).toBe("status_stale");
  });

  it.each([-3_600_000, 3_600_000])(
    "refuses while the wall clock is off by %d ms, and recovers alone",
    async (offMs) => {
      const { state, send, clock } = await listening();
      await send();
      clock.wall += offMs;
      expect(codeOf(state.current())).toBe("status_stale");
      clock.wall -= offMs;
      expect(codeOf(state.current())).toBe("ok");
      expect(await send({ issued_at_ms: START_MS + 1 })).toBe("ok");
    },
  );

  it("does not let a held-back token look fresh", async () => {
    const { state, sealer, claims, feed, pass } = await listening();
    const token = await sealer.seal(claims());
    pass(60_000);
    await feed.publish(token);
    await state.settled();
    expect(codeOf(state.current())).toBe("status_stale");
  });

  it.each([
    ["sequence", { seq: 4 }],
    ["generation", { seq: 9, generation: 1 }],
    ["issue time", { issued_at_ms: START_MS - 1 }],
    ["issue time of a later sequence", { seq: 6, issued_at_ms: START_MS - 1 }],
    ["global epoch", { seq: 6, epochs: { global: 2, subject: { "agent:a": 1 }, policy: {} } }],
    ["subject epoch", { seq: 6, epochs: { global: 3, subject: {}, policy: {} } }],
  ])("refuses after a fallen %s until a valid higher status comes", async (_, over) => {
    const { send } = await listening();
    const base = { seq: 5, generation: 2, epochs: { global: 3, subject: { "agent:a": 1 }, policy: {} } };
    expect(await send(base)).toBe("ok");
    expect(await send({ ...base, ...over })).toBe("status_backwards");
    expect(await send(base)).toBe("status_backwards");
    expect(await send({ ...base, seq: 6, issued_at_ms: START_MS + 1 })).toBe("ok");
  });

  it("takes an earlier issue time with a new generation: the sender's clock began anew", async () => {
    const { send, clock } = await listening();
    await send({ issued_at_ms: START_MS });
    clock.wall -= 3_600_000;
    expect(await send({ generation: 2, seq: 2 })).toBe("ok");
  });

  it("counts what does not verify and is not moved by it", async () => {
    const { state, send, feed, sealer, claims } = await listening();
    await send();
    const token = await sealer.seal(claims({ seq: 2 }));
    const other = await createSealer("status", await generateKeyFile("status", "revocation:dev"));
    await feed.publish("not a token");
    await feed.publish(`${token.slice(0, -2)}${token.endsWith("AA") ? "BB" : "AA"}`);
    await feed.publish(await value(other).seal(claims({ seq: 9 })));
    await feed.publish(await sealer.seal(claims({ seq: 9, aud: "env:other" })));
    await state.settled();
    expect(value(state.current()).seq).toBe(1);
    expect([...state.ignored().values()].reduce((sum, count) => sum + count, 0)).toBe(4);
    expect(state.ignored().get("token_key_unknown")).toBe(1);
    expect(state.ignored().get("audience_wrong")).toBe(1);
  });

  it("tells of each raised sequence or generation, not of heartbeats", async () => {
    const { state, send, pass } = await listening();
    const seen: number[] = [];
    const stop = state.onChange(({ seq }) => seen.push(seq));
    await send({ seq: 1 });
    pass(500);
    await send({ seq: 1 });
    await send({ seq: 2 });
    await send({ seq: 3, generation: 2 });
    stop();
    await send({ seq: 4, generation: 2 });
    expect(seen).toEqual([1, 2, 3]);
  });

  it("does not go back behind its floor after a restart", async () => {
    const { state, send, floor, feed, sealer, claims, reopen } = await listening();
    await send({ seq: 8, generation: 3, epochs: { global: 4, subject: {}, policy: {} } });
    await send({ seq: 8, generation: 3, epochs: { global: 4, subject: {}, policy: {} }, issued_at_ms: START_MS + 1 });
    expect(floor.saves).toBe(1);
    state.stop();
    await feed.publish(
      await sealer.seal(claims({ seq: 7, generation: 3, epochs: { global: 4, subject: {}, policy: {} } })),
    );
    const next = reopen();
    await next.settled();
    expect(codeOf(next.current())).toBe("status_backwards");
    await feed.publish(
      await sealer.seal(claims({ seq: 8, generation: 3, epochs: { global: 4, subject: {}, policy: {} } })),
    );
    await next.settled();
    expect(codeOf(next.current())).toBe("ok");
  });

  it("takes nothing while its floor can be neither loaded nor saved", async () => {
    const { state, send, floor } = await listening();
    floor.fails = true;
    expect(await send()).toBe("status_missing");
    floor.fails = false;
    expect(await send({ seq: 2 })).toBe("ok");
    floor.fails = true;
    await send({ seq: 3 });
    expect(value(state.current()).seq).toBe(2);
  });

  it("drops the oldest of a flood and ends at the newest", async () => {
    const { state, sealer, claims, feed } = await listening();
    const newest = await sealer.seal(claims({ seq: 3 }));
    for (let i = 0; i < 500; i++) feed.publish("x".repeat(20));
    feed.publish(newest);
    await state.settled();
    expect(value(state.current()).seq).toBe(3);
    expect(state.ignored().get("dropped")).toBeGreaterThan(0);
  });
});
