import { randomUUID } from "node:crypto";
import { cpSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { http } from "../harness/agent.js";
import { type Environment, REAL, type ServiceName, startEnvironment, until } from "../harness/environment.js";
import { payloadOf } from "../harness/json.js";
import { giveOrder, giveOrderByTwo } from "../harness/orders.js";
import { certify, hotfix, OPERATION, verdict } from "../harness/scene.js";

type Order = readonly [ServiceName, ServiceName, ServiceName];
const ORDERS: readonly Order[] = [
  ["signer", "broker", "revocation"],
  ["signer", "revocation", "broker"],
  ["broker", "signer", "revocation"],
  ["broker", "revocation", "signer"],
  ["revocation", "signer", "broker"],
  ["revocation", "broker", "signer"],
];

let world: Environment;
beforeAll(async () => {
  world = await startEnvironment();
});
afterAll(() => world?.cleanup());

/** A change with its own number of replicas, so that each one is a commit. */
let replicas = 6;
async function prepared(): Promise<{ certificate: string; operation: typeof OPERATION }> {
  replicas = replicas === 12 ? 6 : replicas + 1;
  const certificate = await certify(world, { bounds: { max_replicas: replicas } });
  return { certificate, operation: { ...OPERATION, parameters: { ...OPERATION.parameters, replicas } } as never };
}
type Prepared = Awaited<ReturnType<typeof prepared>>;
const execute = ({ certificate, operation }: Prepared) => world.agent.execute(certificate, operation);

/** One more certified change happens: exactly one commit. */
async function expectWorks(): Promise<Prepared> {
  const before = world.gitops.commits();
  const change = await prepared();
  expect((await execute(change)).body).toMatchObject({ state: "executed", replayed: false });
  expect(world.gitops.commits()).toBe(before + 1);
  return change;
}
const ready = (name: ServiceName) =>
  until(`${name} is ready`, async () => {
    const answer = await http(`${world.urls[name]}/readyz`).catch(() => undefined);
    return answer?.status === 200;
  });
const allReady = async () => {
  for (const name of ORDERS[0] as Order) await ready(name);
};
const status = async () => payloadOf(String((await http(`${world.urls.revocation}/v1/status`)).body.status));
const globalEpoch = async () => ((await status()).epochs as { global: number }).global;

describe("stopped and started one by one", () => {
  const services = ["signer", "broker", "revocation"] as const;
  /** By the operator's command lines; separate processes have a supervisor and an address each. */
  const by = {
    embedded: {
      title: "seb dev stop and start do it, seb dev status tells it",
      does: async (what: "stop" | "start", name: ServiceName) =>
        expect((await world.run("seb", ["dev", what, name])).code).toBe(0),
      states: async () => {
        const { stdout } = await world.run("seb", ["dev", "status", "--json"]);
        return services.map((name) => JSON.parse(stdout).services[name].state);
      },
    },
    real: {
      title: "SIGTERM and a new process do it, its address tells it",
      does: (what: "stop" | "start", name: ServiceName) =>
        what === "stop" ? world.stopService(name) : world.startService(name),
      states: () =>
        Promise.all(
          services.map(async (name) => {
            const answer = await http(`${world.urls[name]}/healthz`).catch(() => undefined);
            return answer === undefined ? "stopped" : "running";
          }),
        ),
    },
  }[REAL ? "real" : "embedded"];

  it(by.title, async () => {
    for (const name of ["revocation", "signer"] as const) await by.does("stop", name);
    expect(await by.states()).toEqual(["stopped", "running", "stopped"]);
    for (const name of ["signer", "revocation"] as const) await by.does("start", name);
    expect(await by.states()).toEqual(["running", "running", "running"]);
    await allReady();
    await expectWorks();
  });

  it.each(ORDERS.map((order, at) => [order, ORDERS[(at * 5 + 3) % 6] as Order] as const))(
    "in the orders %j and %j, they work again; what was certified before still stands",
    async (stopped, started) => {
      const before = await prepared();
      const head = world.gitops.head();
      for (const name of stopped) await world.stopService(name);
      for (const name of started) {
        // As long as one is missing, what is there answers with codes and changes nothing.
        await world.startService(name);
        expect(world.gitops.head()).toBe(head);
      }
      await allReady();
      expect((await execute(before)).body).toMatchObject({ state: "executed", replayed: false });
      await expectWorks();
    },
  );

  it("a broker and a signer that start before the revocation service refuse until it speaks, then work by themselves", async () => {
    const before = await prepared();
    const head = world.gitops.head();
    const observed = await world.agent.observe({ action: "deploy", service: "checkout", region: "us-east-1" });
    for (const name of ["signer", "broker", "revocation"] as const) await world.stopService(name);
    await world.startService("broker");
    await world.startService("signer");
    // The last word of the revocation service counts for two seconds, then silence does.
    for (const name of ["broker", "signer"] as const)
      await until(`${name} is not ready`, async () => (await http(`${world.urls[name]}/readyz`)).status === 503);
    const silent = expect.stringMatching(/^status_(missing|stale)$/);
    const refused = await execute(before);
    expect(verdict(refused)).toEqual({ status: 503, code: silent, step: expect.any(String) });
    const asked = await world.agent.request(hotfix(world), { observation: String(observed.body.observation) });
    expect(verdict(asked)).toEqual({ status: 503, code: silent, step: "authenticate" });
    expect(world.gitops.head()).toBe(head);
    await world.startService("revocation");
    await allReady();
    expect((await execute(before)).body).toMatchObject({ state: "executed" });
  });
});

/** After a discontinuity of the store: `dead` is refused for good, and new certificates work at once. */
async function expectOldDeadNewAlive(dead: Prepared): Promise<void> {
  const head = world.gitops.head();
  const answer = await execute(dead);
  expect(verdict(answer)).toEqual({ status: 403, code: "epoch_stale", step: "view" });
  expect(world.gitops.head()).toBe(head);
  await expectWorks();
  expect(verdict(await execute(dead))).toMatchObject({ code: "epoch_stale" });
}

describe("after kill -9 of everything", () => {
  it("the store has a new run: old certificates are dead, new ones work at once", async () => {
    const done = await expectWorks();
    const open = await prepared();
    const before = { epoch: await globalEpoch(), status: await status() };
    await world.kill9();
    await world.start();
    const after = await status();
    expect(after.run_id).not.toBe(before.status.run_id);
    expect(await globalEpoch()).toBeGreaterThan(before.epoch);
    expect(Number(after.seq)).toBeGreaterThan(Number(before.status.seq));
    await expectOldDeadNewAlive(open);
    // What was executed is known still: told again, not done again.
    const commits = world.gitops.commits();
    expect((await execute(done)).body).toMatchObject({ state: "executed", replayed: true });
    expect(world.gitops.commits()).toBe(commits);
  });

  it("the signer knows what it issued: the same request gives the same certificate, another one a conflict", async () => {
    const idempotencyKey = randomUUID();
    const observed = await world.agent.observe({ action: "deploy", service: "checkout", region: "us-east-1" });
    const observation = String(observed.body.observation);
    const first = await world.agent.request(hotfix(world), { idempotencyKey, observation });
    expect(first.status).toBe(201);
    await world.stopService("signer");
    await world.startService("signer");
    await ready("signer");
    const again = await world.agent.request(hotfix(world), { idempotencyKey, observation });
    expect(again.body).toMatchObject({ certificate: first.body.certificate, replayed: true });
    const other = await world.agent.request(hotfix(world, { bounds: { max_replicas: 7 } }), { idempotencyKey });
    expect(verdict(other)).toMatchObject({ status: 409, code: "idempotency_conflict" });
  });

  it("the broker finds out what became of the change that was under way: one commit, one outcome", async () => {
    await world.stop();
    await world.start({ step: "outcome", when: "before", do: "kill" });
    const change = await prepared();
    const commits = world.gitops.commits();
    await expect(execute(change)).rejects.toThrow();
    expect(world.gitops.commits()).toBe(commits + 1);
    await world.start();
    const cert_id = payloadOf(change.certificate).jti;
    const outcomes = () => world.ledger.find("broker", "outcome", { cert_id });
    await until("there is an outcome", () => outcomes().length > 0);
    expect(outcomes().map(({ body }) => body.state)).toEqual(["executed"]);
    expect((await execute(change)).body).toMatchObject({ state: "executed", replayed: true });
    expect(world.gitops.commits()).toBe(commits + 1);
  });

  it("records go on where they were, and are sound", async () => {
    for (const service of ["signer", "broker", "revocation"] as const) {
      const boots = world.ledger.find(service, "boot");
      expect(boots.map(({ boot }) => boot)).toEqual(boots.map((_, at) => at + 1));
    }
    const { stdout } = await world.run("seb", ["audit", "verify", "--running", "--json"]);
    const { verdict: proved, chains } = JSON.parse(stdout);
    // Sound; but what a killed process wrote last is not proved for good.
    expect(proved).toBe("tail_not_proved");
    expect(chains.map(({ problems }: { problems: unknown }) => problems)).toEqual([[], [], []]);
  });
});

describe("after the store was lost or replaced", () => {
  it("emptied: everything is rebuilt from the journal, nothing old is admitted, no revocation is forgotten", async () => {
    const done = await expectWorks();
    const open = await prepared();
    const target = { kind: "action", value: "scale" };
    await giveOrder(world, { do: "revoke", target });
    const epoch = await globalEpoch();
    await world.kill9();
    rmSync(world.store, { recursive: true });
    await world.start();
    expect(await globalEpoch()).toBeGreaterThan(epoch);
    await expectOldDeadNewAlive(open);
    const commits = world.gitops.commits();
    const again = await execute(done);
    expect(verdict(again)).toEqual({ status: 403, code: "epoch_stale", step: "view" });
    expect(world.gitops.commits()).toBe(commits);
    const { body } = await http(`${world.urls.revocation}/v1/revocations`);
    expect(body.standing).toMatchObject([{ target }]);
    const scale = await world.agent.request(hotfix(world, { action: "scale", parameters: {} }));
    expect(scale.body.code).toBe("revoked_action");
    await giveOrderByTwo(world, { do: "lift", target });
  });

  it("rolled back to a state in which a certificate was unused: it is not used again", async () => {
    const change = await prepared();
    const epoch = await globalEpoch();
    await world.stop();
    cpSync(world.store, join(world.folder, "store-before"), { recursive: true });
    await world.start();
    const used = await expectWorks();
    const raised = await giveOrder(world, { do: "epoch", target: { kind: "subject", value: "agent:oncall-v3" } });
    expect(raised.status).toBe(200);
    await world.kill9();
    rmSync(world.store, { recursive: true });
    cpSync(join(world.folder, "store-before"), world.store, { recursive: true });
    await world.start();
    const now = (await status()).epochs as { global: number; subject: Record<string, number> };
    expect(now.global).toBeGreaterThan(epoch);
    expect(now.subject["agent:oncall-v3"]).toBe(1);
    const commits = world.gitops.commits();
    for (const dead of [change, used]) expect(verdict(await execute(dead))).toMatchObject({ code: "epoch_stale" });
    expect(world.gitops.commits()).toBe(commits);
    await expectWorks();
  });
});
