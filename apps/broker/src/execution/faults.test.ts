import { afterAll, afterEach, beforeAll, describe, expect, it } from "@jest/globals";
import type { ExecuteResult } from "@seb/connector";
import type { RecordChain } from "@seb/records";
import { type AdmissionStep, fail, ok } from "@seb/schema";
import { type BrokerOptions, connectorWith, TestBroker, until } from "../../testing/broker.js";
import { certify, OPERATION } from "../../testing/certificate.js";
import { World } from "../../testing/world.js";
import type { BrokerPorts } from "../index.js";

let world: World;
let broker: TestBroker | undefined;
beforeAll(async () => {
  world = await World.make();
});
afterEach(async () => {
  await broker?.stop();
  broker = undefined;
});
afterAll(() => world.end());

const start = async (options: BrokerOptions = {}) => {
  broker = await TestBroker.start(world, options);
  return broker;
};

/** A chain that does to one kind of record what the test says; everything else becomes durable. */
function chainWith(real: RecordChain, wanted: string, instead: (write: () => Promise<unknown>) => Promise<unknown>) {
  const append: RecordChain["append"] = (kind, body) => {
    const write = () => real.append(kind, body);
    return (kind === wanted ? instead(write) : write()) as ReturnType<typeof write>;
  };
  return { ...wrap(real), append };
}

function wrap(real: RecordChain): RecordChain {
  return {
    writer: real.writer,
    boot: real.boot,
    append: (kind, body) => real.append(kind, body),
    history: () => real.history(),
    head: () => real.head(),
    close: () => real.close(),
  };
}

/** A connector whose sessions do what the test says when they are to send. */
const sending = (ports: BrokerPorts, execute: (run: () => Promise<ExecuteResult>) => Promise<ExecuteResult>) =>
  connectorWith(ports, (real) => ({
    async open(request) {
      const session = await real.open(request);
      if (!session.ok) return session;
      const { identity } = session.value;
      return ok({ identity, execute: (guard) => execute(() => session.value.execute(guard)) });
    },
  }));

const failed = async () => fail("record_failed", "the disk is full");

describe("no record, no action", () => {
  it("a decision that cannot be recorded ends it: nothing is minted or sent, the resource is free, the certificate spent", async () => {
    const { token, id } = certify(world);
    const head = world.gitops.head();
    const it = await start({ ports: ({ chain }) => ({ chain: chainWith(chain, "decision", failed) }) });
    expect(await it.execute(token, OPERATION)).toMatchObject({ status: 503, code: "record_failed", step: "record" });
    expect(it.steps).not.toContain("mint");
    expect(world.gitops.head()).toBe(head);
    expect(world.gitops.marker(id)).toBeUndefined();
    const open = await world.store.admission.open();
    expect(open).toEqual({ ok: true, value: [] });
    expect(await it.get(`/v1/executions/${id}`)).toMatchObject({
      body: { state: "not_executed", code: "no_decision" },
    });
    expect(await it.execute(token, OPERATION)).toMatchObject({ code: "no_decision" });
  });

  it("a sink that hangs ends it at the deadline; what becomes durable later is brought to an end after the next start", async () => {
    const { token, id } = certify(world);
    const head = world.gitops.head();
    let write: () => Promise<unknown> = async () => undefined;
    const hang = (real: () => Promise<unknown>) => {
      write = real;
      return new Promise<never>(() => undefined);
    };
    const first = await start({
      config: { step_timeout_ms: 1500 },
      ports: ({ chain }) => ({ chain: chainWith(chain, "decision", hang) }),
    });
    expect(await first.execute(token, OPERATION)).toMatchObject({ code: "deadline_exceeded", step: "record" });
    await write();
    await first.stop();
    const second = await start({ config: { reconcile_every_ms: 50 } });
    await until("the late decision has an outcome", async () => {
      const outcomes = await second.records("outcome");
      return outcomes.some((body) => body.cert_id === id && body.state === "not_executed");
    });
    expect(world.gitops.head()).toBe(head);
  });

  it("a decision that becomes durable after its deadline keeps the entry open until the reconciler has asked the target", async () => {
    const { token, id } = certify(world);
    const head = world.gitops.head();
    const late = async (real: () => Promise<unknown>) => {
      await new Promise((resolve) => setTimeout(resolve, 2500));
      return real();
    };
    const it = await start({
      config: { step_timeout_ms: 1500, reconcile_every_ms: 50 },
      ports: ({ chain }) => ({ chain: chainWith(chain, "decision", late) }),
    });
    expect(await it.execute(token, OPERATION)).toMatchObject({ code: "deadline_exceeded", step: "record" });
    expect(await world.store.admission.open()).toMatchObject({ ok: true, value: [{ cert_id: id }] });
    await until("it is durable", async () => (await it.records("decision")).some((body) => body.cert_id === id));
    await world.pass(36_000);
    await until("the late decision has an outcome", async () =>
      (await it.records("outcome")).some((body) => body.cert_id === id && body.state === "not_executed"),
    );
    expect(await world.store.admission.open()).toEqual({ ok: true, value: [] });
    expect(world.gitops.head()).toBe(head);
  });

  it("a target that answers after an outcome could not be recorded is unknown, and found out at the next start", async () => {
    const { token, id } = certify(world);
    const commits = world.gitops.commits();
    const first = await start({ ports: ({ chain }) => ({ chain: chainWith(chain, "outcome", failed) }) });
    expect(await first.execute(token, OPERATION)).toMatchObject({ status: 202, code: "execution_unknown" });
    expect(world.gitops.commits()).toBe(commits + 1);
    await first.stop();
    const second = await start({ config: { reconcile_every_ms: 50 } });
    await until("the outcome is recorded", async () =>
      (await second.records("outcome")).some((it) => it.cert_id === id),
    );
    const [outcome] = (await second.records("outcome")).filter((body) => body.cert_id === id);
    expect(outcome).toMatchObject({ state: "executed", by: "reconciler", result: { commit: world.gitops.head() } });
    expect(world.gitops.commits()).toBe(commits + 1);
  });
});

describe("a connector that fails while sending", () => {
  it("leaves it unknown, is not asked again, and the reconciler finds that nothing happened", async () => {
    const { token, id } = certify(world);
    const head = world.gitops.head();
    let sent = 0;
    const it = await start({
      config: { reconcile_every_ms: 50 },
      ports: (real) =>
        sending(real, () => {
          sent += 1;
          throw new Error("the connection broke");
        }),
    });
    expect(await it.execute(token, OPERATION)).toMatchObject({ status: 202, code: "execution_unknown" });
    expect(await it.execute(token, OPERATION)).toMatchObject({ status: 202, code: "execution_unknown" });
    expect(sent).toBe(1);
    expect(world.gitops.head()).toBe(head);
    // The entry is its own broker's and of this boot: it is taken over when its deadline has passed.
    await world.pass(36_000);
    const own = async (kind: string) => (await it.records(kind)).filter((body) => body.cert_id === id);
    await until("the final outcome", async () => (await own("outcome")).length === 2);
    const outcomes = await own("outcome");
    expect(outcomes.map(({ state, by }) => [state, by])).toEqual([
      ["unknown", "broker"],
      ["not_executed", "reconciler"],
    ]);
    expect(Number(outcomes[1]?.fence)).toBeGreaterThan(Number(outcomes[0]?.fence));
    expect(world.gitops.marker(id)).toBe("blob");
    expect(await own("takeover")).toHaveLength(1);
  });

  it("after the target committed: unknown, then reconciled to executed, with one commit in all", async () => {
    const { token, id } = certify(world, { scope: { image_digest: `sha256:${"d".repeat(64)}`, max_replicas: 7 } });
    const body = { ...OPERATION, parameters: { image_digest: `sha256:${"d".repeat(64)}`, replicas: 7 } };
    const commits = world.gitops.commits();
    const it = await start({
      config: { reconcile_every_ms: 50 },
      ports: (real) =>
        sending(real, async (run) => {
          await run();
          throw new Error("the answer was lost");
        }),
    });
    expect(await it.execute(token, body)).toMatchObject({ status: 202, code: "execution_unknown" });
    expect(await it.get("/v1/executions?state=unknown")).toMatchObject({ body: { executions: [{ cert_id: id }] } });
    await world.pass(36_000);
    await until("it is found out", async () => (await it.get(`/v1/executions/${id}`)).body.state === "executed");
    expect(world.gitops.commits()).toBe(commits + 1);
    expect(world.gitops.replicas()).toBe(7);
    const answer = await it.execute(token, body);
    // The window has closed meanwhile, or the same answer comes again: nothing is done twice.
    expect(answer.body.state === "executed" ? answer.body.replayed : answer.code).toBe(true);
    expect(world.gitops.commits()).toBe(commits + 1);
  });

  it("that never ends is unknown at the action's timeout; the entry stays open", async () => {
    const hasty = await World.make({
      edit: (_path, text) => text.replace("timeout_seconds: 30", "timeout_seconds: 1"),
    });
    const { token, id } = certify(hasty);
    const it = await TestBroker.start(hasty, {
      ports: (real) => sending(real, () => new Promise<never>(() => undefined)),
    });
    const answering = it.execute(token, OPERATION);
    await until("it is being sent", () => it.steps.includes("execute"));
    expect((await it.get("/v1/executions?state=open")).body.executions).toMatchObject([{ state: "decided" }]);
    expect(await answering).toMatchObject({ status: 202, code: "execution_unknown" });
    expect(await hasty.store.admission.open()).toMatchObject({ ok: true, value: [{ cert_id: id }] });
    await it.stop();
    await hasty.end();
  });
});

/** Steps between which something becomes durable; what must be true when the process dies just before or after one. */
const DURABLE: readonly [AdmissionStep, "before" | "after", boolean][] = [
  ["take", "before", false],
  ["take", "after", false],
  ["record", "after", false],
  ["mint", "after", false],
  ["guard", "after", false],
  ["execute", "before", false],
  ["execute", "after", true],
  ["outcome", "before", true],
  ["outcome", "after", true],
  ["recall", "after", true],
  ["close", "before", true],
  ["close", "after", true],
];

/** A broker that stops for good at a step, until `wake` ends what it was about to do. */
async function dying(at: AdmissionStep, when: "before" | "after") {
  let dead = false;
  let wake = () => {};
  const woken = new Promise<never>((_resolve, reject) => {
    wake = () => reject(new Error("woken"));
  });
  woken.catch(() => undefined);
  const die = () => {
    dead = true;
    return woken;
  };
  const it = await TestBroker.start(world, {
    hook: async (name, run) => {
      if (dead || (name === at && when === "before")) return die();
      const result = await run();
      return name === at ? die() : result;
    },
  });
  return { it, isDead: () => dead, wake: () => wake() };
}

describe("a broker that dies", () => {
  const certificate = () => {
    const replicas = world.gitops.replicas() === 9 ? 8 : 9;
    return { ...certify(world), body: { ...OPERATION, parameters: { ...OPERATION.parameters, replicas } } };
  };

  it.each(DURABLE)(
    "at %s, %s it ran: the next boot brings it to one end, with at most one change",
    async (at, when, changed) => {
      const { token, id, body } = certificate();
      const commits = world.gitops.commits();
      const first = await dying(at, when);
      const answering = first.it.execute(token, body);
      await until("it died", first.isDead);
      await first.it.abandon();

      const second = await start({ config: { reconcile_every_ms: 30 } });
      const read = async () => (await second.get(`/v1/executions/${id}`)).body;
      const outcomes = async () => (await second.records("outcome")).filter((it) => it.cert_id === id);
      const state = at === "take" && when === "before" ? undefined : changed ? "executed" : "not_executed";
      await until("it has its end", async () => (await read()).state === state);
      await until("its entry is closed", async () => {
        const open = await world.store.admission.open();
        return open.ok && open.value.every(({ cert_id }) => cert_id !== id);
      });
      const final = (await outcomes()).map((it) => it.state);
      expect(final).toEqual(state === undefined ? [] : [state]);
      // What was paused wakes up, and changes nothing any more.
      first.wake();
      await answering;
      await first.it.stop();
      expect((await read()).state).toBe(state);
      expect(world.gitops.commits()).toBe(commits + (changed ? 1 : 0));
    },
  );
});
