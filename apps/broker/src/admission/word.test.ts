import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { type BrokerOptions, TestBroker } from "../../testing/broker.js";
import { certify, OPERATION } from "../../testing/certificate.js";
import { World } from "../../testing/world.js";

let world: World;
let broker: TestBroker;
beforeEach(async () => {
  world = await World.make();
});
afterEach(async () => {
  await broker.stop();
  await world.end();
});

const start = async (options: BrokerOptions = {}) => {
  broker = await TestBroker.start(world, options);
};
const refused = async () => {
  const { code, step, status } = await broker.execute(certify(world).token, OPERATION);
  expect((await broker.records("refusal")).at(-1)).toMatchObject({ code, step });
  return { status, code, step };
};
const works = async () => expect(await broker.execute(certify(world).token, OPERATION)).toMatchObject({ status: 200 });
const ready = async () => (await broker.send("GET", "/readyz", undefined)).status;

describe("a broker that is not sure of the revocation service's word refuses, and recovers alone", () => {
  it("before any status has come in", async () => {
    const none = { publish: async () => ({ ok: true, value: undefined }) as const, subscribe: () => () => undefined };
    await start({ feed: none });
    expect(await refused()).toEqual({ status: 503, code: "status_missing", step: "view" });
    expect(await ready()).toBe(503);
  });

  it("when the newest is older than two seconds, by either clock", async () => {
    await start();
    world.silence();
    world.aheadMs += 2100;
    expect(await refused()).toEqual({ status: 503, code: "status_stale", step: "view" });
    await world.beat();
    await works();
    world.monotonicAheadMs += 2100;
    expect(await refused()).toEqual({ status: 503, code: "status_stale", step: "view" });
    expect(await ready()).toBe(503);
    await world.beat();
    await works();
  });

  it("when a status goes backwards: in sequence, in time, in an epoch", async () => {
    await start();
    world.silence();
    await world.change({ epochs: { global: 3, subject: {}, policy: {} } });
    await works();
    const { epochs } = world;
    for (const back of [
      () => world.beat({ seq: world.seq - 1 }),
      () => world.beat({ issued_at_ms: Math.floor(world.clock.nowMs()) - 1500 }),
      () => {
        world.epochs = { global: 2, subject: {}, policy: {} };
        return world.beat();
      },
    ]) {
      await back();
      await broker.status.settled();
      world.epochs = epochs;
      expect(await refused()).toEqual({ status: 503, code: "status_backwards", step: "view" });
      await world.beat();
      await broker.status.settled();
      await works();
    }
  });

  it("when the store's view is older than the status, or of another generation", async () => {
    await start();
    world.silence();
    await world.beat({ seq: world.seq + 1 });
    expect(await refused()).toEqual({ status: 503, code: "status_backwards", step: "view" });
    await world.change();
    await works();
    world.generation += 1;
    await world.beat();
    expect(await refused()).toEqual({ status: 503, code: "store_discontinuity", step: "view" });
    await world.change();
    await works();
  });

  it("when the store does not answer, at every step that asks it", async () => {
    await start();
    await world.store.close();
    expect(await refused()).toEqual({ status: 503, code: "store_unavailable", step: "replay" });
  });
});
