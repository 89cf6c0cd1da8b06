import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { type AdmissionStep, fail } from "@seb/schema";
import { connectorWith, gateAt, TestBroker, until } from "../../testing/broker.js";
import { certify, IMAGE, OPERATION } from "../../testing/certificate.js";
import { World } from "../../testing/world.js";

let world: World;
beforeAll(async () => {
  world = await World.make();
});
afterAll(() => world.end());

const PAST_DEADLINE_MS = 36_000;

/** A broker that pauses at a step once; `gate.go()` lets it on. */
async function pausing(at: AdmissionStep) {
  const gate = gateAt();
  let paused = false;
  const it = await TestBroker.start(world, {
    hook: async (name, run) => {
      if (name === at && !paused) {
        paused = true;
        await gate.pause();
      }
      return run();
    },
  });
  return { it, gate };
}

describe("a broker that was paused, and whose work another took over", () => {
  it.each(["mint", "guard", "execute"] as const)("before %s: changes nothing when it wakes", async (at) => {
    const { token, id } = certify(world);
    const head = world.gitops.head();
    const { it: first, gate } = await pausing(at);
    const executing = first.execute(token, OPERATION);
    await gate.reached;

    const second = await TestBroker.start(world, { instance: "broker-2", config: { reconcile_every_ms: 30 } });
    const before = await second.records("takeover");
    await world.pass(PAST_DEADLINE_MS);
    await until("the second one has ended it", async () => {
      const known = await world.store.admission.lookup(id);
      return known.ok && known.value?.answer.state === "not_executed";
    });
    expect((await second.records("takeover")).length).toBe(before.length + 1);
    expect(world.gitops.marker(id)).toBe("blob");

    gate.go();
    const answer = await executing;
    expect(answer.status).not.toBe(200);
    expect(world.gitops.head()).toBe(head);
    // What it says of its own end carries the lower fence: the word of whoever took over is final.
    const [own] = (await first.records("outcome")).filter((body) => body.cert_id === id);
    const [final] = (await second.records("outcome")).filter((body) => body.cert_id === id);
    expect(final).toMatchObject({ state: "not_executed", by: "reconciler" });
    expect(Number(own?.fence)).toBeLessThan(Number(final?.fence));
    const known = await world.store.admission.lookup(id);
    expect(known.ok && known.value?.answer).toMatchObject({ state: "not_executed", fence: final?.fence });
    await first.stop();
    await second.stop();
  });

  it("in the middle of sending, behind its last look: the target refuses the late change", async () => {
    const { token, id } = certify(world);
    const head = world.gitops.head();
    const gate = gateAt();
    const first = await TestBroker.start(world, {
      ports: (real) =>
        connectorWith(real, (git) => ({
          async open(request) {
            const session = await git.open(request);
            if (!session.ok) return session;
            const { identity } = session.value;
            // As if the process were stopped after its guard had said yes.
            const execute = async (guard: () => Promise<boolean>) =>
              session.value.execute(async () => {
                const allowed = await guard();
                await gate.pause();
                return allowed;
              });
            return { ok: true, value: { identity, execute } };
          },
        })),
    });
    const executing = first.execute(token, OPERATION);
    await gate.reached;
    const second = await TestBroker.start(world, { instance: "broker-2", config: { reconcile_every_ms: 30 } });
    await world.pass(PAST_DEADLINE_MS);
    await until("the target is fenced", () => world.gitops.marker(id) === "blob");
    gate.go();
    expect((await executing).status).not.toBe(200);
    expect(world.gitops.head()).toBe(head);
    await until("the second one has ended it", async () => {
      const known = await world.store.admission.lookup(id);
      return known.ok && known.value?.answer.state === "not_executed";
    });
    await first.stop();
    await second.stop();
  });

  it("after the target had taken the change: whoever takes over finds it executed, once", async () => {
    const image = `sha256:${"d".repeat(64)}`;
    const { token, id } = certify(world, { scope: { image_digest: image, max_replicas: 12 } });
    const commits = world.gitops.commits();
    const { it: first, gate } = await pausing("outcome");
    const executing = first.execute(token, { ...OPERATION, parameters: { image_digest: image, replicas: 5 } });
    await gate.reached;
    const second = await TestBroker.start(world, { instance: "broker-2", config: { reconcile_every_ms: 30 } });
    await world.pass(PAST_DEADLINE_MS);
    await until("it is found out", async () => (await second.get(`/v1/executions/${id}`)).body.state === "executed");
    gate.go();
    expect(await executing).toMatchObject({ status: 200, body: { state: "executed" } });
    expect(world.gitops.commits()).toBe(commits + 1);
    const open = await world.store.admission.open();
    expect(open).toEqual({ ok: true, value: [] });
    await first.stop();
    await second.stop();
  });

  it("and who then ended in between: the target is asked again, though that broker has no decision in its records", async () => {
    const image = `sha256:${"e".repeat(64)}`;
    const { token, id } = certify(world, { scope: { image_digest: image, max_replicas: 12 } });
    const commits = world.gitops.commits();
    const { it: first, gate } = await pausing("outcome");
    const executing = first.execute(token, { ...OPERATION, parameters: { image_digest: image, replicas: 6 } });
    await gate.reached;
    const silent = async () => fail("target_unavailable", "no answer");
    const second = await TestBroker.start(world, {
      instance: "broker-2",
      config: { reconcile_every_ms: 30 },
      ports: (real) => connectorWith(real, () => ({ reconcile: silent })),
    });
    await world.pass(PAST_DEADLINE_MS);
    await until("it took over and could not tell", async () => {
      const known = await world.store.admission.lookup(id);
      return known.ok && known.value?.answer.state === "unknown";
    });
    await second.stop();
    const again = await TestBroker.start(world, { instance: "broker-2", config: { reconcile_every_ms: 30 } });
    await until("it is found out", async () => {
      const known = await world.store.admission.lookup(id);
      return known.ok && known.value?.answer.state === "executed";
    });
    expect(world.gitops.commits()).toBe(commits + 1);
    gate.go();
    await executing;
    await first.stop();
    await again.stop();
  });

  it("and who comes back when all is over: takes the other's word, and leaves the final outcome to it", async () => {
    const image = `sha256:${"f".repeat(64)}`;
    const { token, id } = certify(world, { scope: { image_digest: image, max_replicas: 12 } });
    const commits = world.gitops.commits();
    const { it: first, gate } = await pausing("outcome");
    const executing = first.execute(token, { ...OPERATION, parameters: { image_digest: image, replicas: 7 } });
    await gate.reached;
    await first.abandon();
    const second = await TestBroker.start(world, { instance: "broker-2", config: { reconcile_every_ms: 30 } });
    await world.pass(PAST_DEADLINE_MS);
    const outcomeOf = async (broker: TestBroker) =>
      (await broker.records("outcome")).filter((body) => body.cert_id === id);
    await until("the second one has ended it", async () => (await outcomeOf(second)).length > 0);
    const again = await TestBroker.start(world, { config: { reconcile_every_ms: 30 } });
    await until("the first one knows", async () => (await outcomeOf(again)).length > 0);
    const [final, ...more] = await outcomeOf(second);
    const [own, ...others] = await outcomeOf(again);
    expect([...more, ...others]).toEqual([]);
    expect([final?.state, own?.state]).toEqual(["executed", "executed"]);
    expect(Number(own?.fence)).toBeLessThan(Number(final?.fence));
    expect(world.gitops.commits()).toBe(commits + 1);
    gate.go();
    await executing;
    await first.stop().catch(() => undefined);
    await again.stop();
    await second.stop();
  });

  it("is left alone until its deadline, and goes on", async () => {
    const { token, id } = certify(world, { scope: { image_digest: IMAGE, max_replicas: 12 } });
    const { it: first, gate } = await pausing("guard");
    const executing = first.execute(token, OPERATION);
    await gate.reached;
    const second = await TestBroker.start(world, { instance: "broker-2", config: { reconcile_every_ms: 30 } });
    const before = (await second.records("takeover")).length;
    await world.pass(20_000);
    await new Promise((resolve) => setTimeout(resolve, 150));
    expect((await second.records("takeover")).length).toBe(before);
    gate.go();
    expect(await executing).toMatchObject({ status: 200, body: { cert_id: id, state: "executed" } });
    await first.stop();
    await second.stop();
  });
});
