import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { type Answered, connectorWith, gateAt, TestBroker, until } from "../../testing/broker.js";
import { certify, OPERATION } from "../../testing/certificate.js";
import { World } from "../../testing/world.js";

let world: World;
let broker: TestBroker;
let gate: ReturnType<typeof gateAt> | undefined;
let sent: number;
beforeAll(async () => {
  world = await World.make();
  broker = await TestBroker.start(world, {
    hook: async (name, run) => {
      if (name === "guard") await gate?.pause();
      return run();
    },
    ports: (real) =>
      connectorWith(real, (git) => ({
        async open(request) {
          const session = await git.open(request);
          if (!session.ok) return session;
          const { identity } = session.value;
          const execute: typeof session.value.execute = (guard) => {
            sent += 1;
            return session.value.execute(guard);
          };
          return { ok: true, value: { identity, execute } };
        },
      })),
  });
});
afterAll(async () => {
  await broker.stop();
  await world.end();
});

/** Executes up to the guard, lets something happen, then goes on. */
async function whilePaused(happens: (id: string) => unknown): Promise<{ answer: Answered; id: string }> {
  gate = gateAt();
  sent = 0;
  const { token, id } = certify(world);
  const executing = broker.execute(token, OPERATION);
  await gate.reached;
  await happens(id);
  gate.go();
  gate = undefined;
  return { answer: await executing, id };
}

const outcomeOf = async (id: string) => (await broker.records("outcome")).find((body) => body.cert_id === id);
const lift = () => world.change({ standing: [] });

describe("the guard, after the decision and before anything is sent", () => {
  it("refuses when the window closes, by the wall clock or by the monotonic one alone", async () => {
    for (const move of [
      async () => world.pass(91_000),
      async () => {
        // The wall clock was set back: only the monotonic one knows how much time has passed.
        world.monotonicAheadMs += 91_000;
        await world.beat();
      },
    ]) {
      const head = world.gitops.head();
      const { answer, id } = await whilePaused(move);
      expect(answer).toMatchObject({ status: 401, code: "expired" });
      expect(await outcomeOf(id)).toMatchObject({ state: "not_executed", code: "expired" });
      expect(sent).toBe(0);
      expect(world.gitops.head()).toBe(head);
    }
  });

  it("refuses what a view revokes that nobody has announced yet", async () => {
    const { answer } = await whilePaused(async () => {
      world.standing = [
        { target: { kind: "subject", value: "agent:oncall-v3" }, order: "o_1", by: "alice", reason: "x", at_ms: 0 },
      ];
      world.seq += 1;
      await world.write();
    });
    expect(answer).toMatchObject({ status: 403, code: "revoked_subject" });
    expect(sent).toBe(0);
    await lift();
  });

  it("refuses while the status is stale, and when the store is another one", async () => {
    const stale = await whilePaused(() => {
      world.aheadMs += 10_000;
    });
    expect(stale.answer).toMatchObject({ status: 503, code: "status_stale" });
    await world.beat();
    const other = await whilePaused(async () => {
      world.generation += 1;
      world.seq += 1;
      await world.write();
    });
    expect(other.answer).toMatchObject({ status: 503, code: "store_discontinuity" });
    await world.beat();
    expect(sent).toBe(0);
  });

  it("refuses when the fence is lost", async () => {
    const { answer } = await whilePaused(async (id) => {
      const pin = broker.status.pin();
      const open = await world.store.admission.open();
      const entry = open.ok ? open.value.find(({ cert_id }) => cert_id === id) : undefined;
      if (!pin.ok || !entry) throw new Error("no entry");
      const by = { broker: "broker-2", boot: 1, life_ms: 1000 };
      await world.store.admission.takeOver(id, entry.fence, by, pin.value);
      await world.store.admission.close(id, entry.fence + 1, { op: entry.op, answer: { ...CLOSED, cert_id: id } });
    });
    expect(answer).toMatchObject({ status: 503, code: "fence_lost" });
    expect(sent).toBe(0);
  });
});

const CLOSED = {
  state: "not_executed" as const,
  replayed: false,
  action: "deploy",
  resource: OPERATION.resource,
  subject: "agent:oncall-v3",
  parameters: {},
  decided_at_ms: 1,
  closed_at_ms: 1,
  result: {},
  code: "not_executed",
  fence: 1,
};

describe("a new view", () => {
  it.each([
    ["a revocation", { standing: [{ kind: "action" as const, value: "deploy" }] }, "revoked_action"],
    ["a raised epoch", { epochs: { global: 7, subject: {}, policy: {} } }, "epoch_stale"],
  ])("recalls the executions that %s meets: guard, target and record know it", async (_what, change, code) => {
    const recalls = async (id: string) => (await broker.records("recall")).filter((body) => body.cert_id === id);
    const { answer, id } = await whilePaused(async (cert) => {
      await world.change(change);
      await until("the recall is recorded", async () => (await recalls(cert)).length > 0);
    });
    expect(answer).toMatchObject({ status: 403, code: "recalled" });
    expect(await recalls(id)).toMatchObject([{ code, recall_seq: world.seq, target: "fenced" }]);
    expect(world.gitops.marker(id)).toBe("blob");
    const outcome = await outcomeOf(id);
    expect(outcome).toMatchObject({ state: "not_executed", code: "recalled", recall_seq: world.seq });
    expect(Number(outcome?.take_seq)).toBeLessThan(world.seq);
    expect(sent).toBe(0);
    await lift();
  });

  it("leaves alone what it does not name", async () => {
    const { answer } = await whilePaused(() =>
      world.change({ standing: [{ kind: "resource", value: "service:search/region:*" }] }),
    );
    expect(answer).toMatchObject({ status: 200, body: { state: "executed" } });
    await lift();
  });
});
