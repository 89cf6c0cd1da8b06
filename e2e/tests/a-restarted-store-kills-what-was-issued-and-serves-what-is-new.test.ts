import { cpSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "@jest/globals";
import { http } from "../harness/agent.js";
import { type Environment, until } from "../harness/environment.js";
import { payloadOf } from "../harness/json.js";
import { giveOrder, giveOrderByTwo } from "../harness/orders.js";
import { startRealEnvironment } from "../harness/real-environment.js";
import { SERVICES } from "../harness/real-settings.js";
import { certify, OPERATION, verdict } from "../harness/scene.js";
import { redisUser } from "../harness/store-users.js";
import type { RealParts } from "../harness/world.js";

// Always over real servers: the services go on running while their store is taken from under them.
let world: Environment;
let real: RealParts;
beforeAll(async () => {
  world = await startRealEnvironment();
  if (world.real === undefined) throw new Error("no servers");
  real = world.real;
});
afterAll(() => world?.cleanup());

/** A change with its own number of replicas, so that each one is a commit. */
let replicas = 6;
async function prepared() {
  replicas = replicas === 12 ? 6 : replicas + 1;
  const certificate = await certify(world, { bounds: { max_replicas: replicas } });
  return { certificate, operation: { ...OPERATION, parameters: { ...OPERATION.parameters, replicas } } };
}
type Prepared = Awaited<ReturnType<typeof prepared>>;
const execute = ({ certificate, operation }: Prepared) => world.agent.execute(certificate, operation);

async function executed(): Promise<Prepared> {
  const commits = world.gitops.commits();
  const change = await prepared();
  expect((await execute(change)).body).toMatchObject({ state: "executed", replayed: false });
  expect(world.gitops.commits()).toBe(commits + 1);
  return change;
}

const allReady = async () => {
  for (const name of SERVICES) await real.services[name].ready();
};
beforeEach(() => allReady());

async function word() {
  const { body } = await http(`${world.urls.revocation}/v1/status`);
  const { run_id, generation, epochs } = payloadOf(String(body.status));
  return { run_id, generation: Number(generation), epoch: (epochs as { global: number }).global };
}

type Word = Awaited<ReturnType<typeof word>>;

/** Waits until the revocation service vouches for another store than before, and all services go by its word. */
async function vouchedAfter(before: Word): Promise<void> {
  const isNew = async () => {
    const now = await word().catch(() => before);
    return now.generation > before.generation && now.epoch > before.epoch;
  };
  await until("the revocation service vouches for the new store", isNew, 40_000);
  // Whoever has not heard of it yet still counts as ready.
  await until("a certificate is issued again", () => certify(world).then(Boolean, () => false), 40_000);
  await allReady();
}

/** What may be answered while the store is away, or is not the one that the revocation service vouches for. */
const MEANWHILE = [
  ...["store_unavailable", "store_discontinuity", "status_stale", "status_missing", "status_backwards"],
  ...["deadline_exceeded", "step_failed", "epoch_stale", "not_ready"],
];

/**
 * Takes the store away and brings it back, while these certificates, issued before, are presented again and again: from when it is gone
 * until a new certificate works. None of them is executed.
 */
async function through(dead: readonly Prepared[], gone: () => Promise<void>, back = async () => {}): Promise<void> {
  const before = await word();
  await gone();
  const head = world.gitops.head();
  const seen: { code: unknown; state: unknown; replayed: unknown }[] = [];
  let over = false;
  const presenting = (async () => {
    while (!over)
      for (const change of dead) {
        const { body } = await execute(change);
        seen.push({ code: body.code, state: body.state, replayed: body.replayed });
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
  })();
  await back();
  await vouchedAfter(before);
  expect(world.gitops.head()).toBe(head);
  await executed();
  over = true;
  await presenting;
  expect(seen.length).toBeGreaterThan(0);
  // What was executed before may be told again; nothing is executed now.
  for (const { code, state, replayed } of seen)
    if (state === "executed") expect(replayed).toBe(true);
    else expect(MEANWHILE).toContain(code);
}

/** For good: the certificate is of an earlier epoch. */
async function expectDead(change: Prepared): Promise<void> {
  const head = world.gitops.head();
  expect(verdict(await execute(change))).toEqual({ status: 403, code: "epoch_stale", step: "view" });
  expect(world.gitops.head()).toBe(head);
}

describe("a restarted store kills what was issued and serves what is new", () => {
  it.each([
    ["stopped in order", () => real.redis.stop()],
    ["killed", () => real.redis.kill9()],
  ])("%s and started again on its data", async (_how, gone) => {
    const done = await executed();
    const open = await prepared();
    await through([open, done], gone, () => real.redis.restart());
    await expectDead(open);
    const commits = world.gitops.commits();
    expect((await execute(done)).body).toMatchObject({ state: "executed", replayed: true });
    expect(world.gitops.commits()).toBe(commits);
  });

  it("emptied by FLUSHALL, while it runs: it is the same server, and another store", async () => {
    const done = await executed();
    const open = await prepared();
    await through([open, done], async () => {
      const admin = await redisUser(real, "admin");
      expect(await admin.call("FLUSHALL")).toBe("OK");
      admin.close();
    });
    for (const change of [open, done]) await expectDead(change);
  });

  it("set back to an older data file, in which a certificate was unused and an order not given", async () => {
    const before = await word();
    await real.redis.stop();
    const saved = join(world.folder, "redis-before");
    cpSync(real.redis.dataDir, saved, { recursive: true });
    await real.redis.restart();
    await vouchedAfter(before);
    const open = await prepared();
    const used = await executed();
    const target = { kind: "action", value: "scale" };
    expect((await giveOrder(world, { do: "revoke", target })).status).toBe(200);
    await through(
      [used, open],
      () => real.redis.kill9(),
      async () => {
        rmSync(real.redis.dataDir, { recursive: true });
        cpSync(saved, real.redis.dataDir, { recursive: true });
        await real.redis.restart();
      },
    );
    for (const change of [open, used]) await expectDead(change);
    const { body } = await http(`${world.urls.revocation}/v1/revocations`);
    expect(body.standing).toMatchObject([{ target }]);
    await giveOrderByTwo(world, { do: "lift", target });
  });

  it("replaced by an empty one", async () => {
    const done = await executed();
    const open = await prepared();
    await through(
      [open, done],
      () => real.redis.kill9(),
      async () => {
        rmSync(real.redis.dataDir, { recursive: true });
        mkdirSync(real.redis.dataDir);
        await real.redis.restart();
      },
    );
    for (const change of [open, done]) await expectDead(change);
  });
});
