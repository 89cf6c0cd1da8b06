import { renameSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, jest } from "@jest/globals";
import { recordedOf, type SecondBroker, startSecondBroker } from "../harness/brokers.js";
import { type Environment, until } from "../harness/environment.js";
import { payloadOf } from "../harness/json.js";
import { startRealEnvironment } from "../harness/real-environment.js";
import { certify, OPERATION } from "../harness/scene.js";

// Always over real servers: two brokers share a store and a stream.
let world: Environment;
let second: SecondBroker;
const machineNow = Date.now.bind(Date);
let aheadMs = 0;
/** The longest that an execution of this action may take, and what its entry is given beyond. */
const PAST_DEADLINE_MS = 36_000;
const TAKEN_OVER_WITHIN_MS = 40_000;

/** Moves the clocks of services and agent. */
function pass(ms: number): void {
  aheadMs += ms;
  world.clock?.set(aheadMs, aheadMs);
}

beforeAll(async () => {
  jest.spyOn(Date, "now").mockImplementation(() => machineNow() + aheadMs);
  world = await startRealEnvironment({ clock: true });
  second = await startSecondBroker(world);
});
afterAll(async () => {
  await second?.service.stop();
  await world?.cleanup();
});

/** A change with its own number of replicas, so that each one is a commit. */
let replicas = 6;
async function prepared() {
  replicas = replicas === 12 ? 6 : replicas + 1;
  const certificate = await certify(world, { bounds: { max_replicas: replicas } });
  const operation = { ...OPERATION, parameters: { ...OPERATION.parameters, replicas } };
  return { certificate, operation, certId: String(payloadOf(certificate).jti) };
}
type Prepared = Awaited<ReturnType<typeof prepared>>;

/** The first broker dies at a step of executing this change. */
async function killedAfter(step: string): Promise<Prepared> {
  await world.stopService("broker");
  await world.start({ step, when: "after", do: "kill" });
  const change = await prepared();
  await expect(world.agent.execute(change.certificate, change.operation)).rejects.toThrow();
  return change;
}

const recorded = ({ certId }: Prepared) => recordedOf(world, certId);
const fenceOf = ({ body }: { body: Record<string, unknown> }) => Number(body.fence);

/** The final outcome: the one with the highest fence. None of the others says otherwise, and none has the same fence. */
function finalOf(change: Prepared) {
  const outcomes = [...recorded(change).outcomes].sort((one, other) => fenceOf(other) - fenceOf(one));
  const [final, ...others] = outcomes;
  if (final === undefined) throw new Error("no outcome");
  for (const other of others) {
    expect(fenceOf(other)).toBeLessThan(fenceOf(final));
    if (isFinal(other)) expect(other.body.state).toBe(final.body.state);
  }
  return final;
}

const isFinal = ({ body }: { body: Record<string, unknown> }) => body.state !== "unknown";
const ended = (change: Prepared) =>
  until("it has a final outcome", () => recorded(change).outcomes.some(isFinal), TAKEN_OVER_WITHIN_MS);

/** Presents it once more to both brokers: nothing happens any more. */
async function expectSpent(change: Prepared): Promise<void> {
  const commits = world.gitops.commits();
  for (const agent of [world.agent, second.agent]) {
    const answer = await agent.execute(change.certificate, change.operation);
    if (answer.body.state === "executed") expect(answer.body.replayed).toBe(true);
    else expect(answer.status).toBeGreaterThanOrEqual(400);
  }
  expect(world.gitops.commits()).toBe(commits);
}

/** Steps after which the first broker dies, and whether the target has the change by then. */
const STEPS = [
  ["take", false],
  ["record", false],
  ["mint", false],
  ["execute", true],
  ["outcome", true],
] as const;

describe("a dead broker's work is finished once", () => {
  it.each(STEPS)(
    "killed after %s: the other takes it over behind its fence; the next boot leaves it so",
    async (step, sent) => {
      const commits = world.gitops.commits();
      const change = await killedAfter(step);
      // Until its deadline it is the first one's.
      expect(recorded(change).takeovers).toEqual([]);
      pass(PAST_DEADLINE_MS);
      await until("it is taken over", () => recorded(change).takeovers.length > 0, TAKEN_OVER_WITHIN_MS);
      const byOther = () => recorded(change).outcomes.filter(({ writer }) => writer === "broker-2");
      await until("the other one ended it", () => byOther().some(isFinal), TAKEN_OVER_WITHIN_MS);
      const state = sent ? "executed" : "not_executed";
      expect(finalOf(change)).toMatchObject({ writer: "broker-2", body: { state, by: "reconciler" } });
      expect(world.gitops.commits()).toBe(commits + (sent ? 1 : 0));

      await world.start();
      const { decisions, takeovers } = recorded(change);
      const own = () => recorded(change).outcomes.filter(({ writer }) => writer === "broker-1");
      if (decisions.length > 0) await until("the first one knows", () => own().some(isFinal), TAKEN_OVER_WITHIN_MS);
      expect(decisions.length).toBe(step === "take" ? 0 : 1);
      expect(takeovers).toMatchObject([{ writer: "broker-2", body: { from_broker: "broker-1" } }]);
      expect(finalOf(change)).toMatchObject({ writer: "broker-2", body: { state } });
      await expectSpent(change);
      expect(world.gitops.commits()).toBe(commits + (sent ? 1 : 0));
    },
  );

  it.each([STEPS[0], STEPS[3]])(
    "killed after %s: back before the deadline, it ends its work itself",
    async (step, sent) => {
      const commits = world.gitops.commits();
      const change = await killedAfter(step);
      await world.start();
      await ended(change);
      expect(finalOf(change)).toMatchObject({
        writer: "broker-1",
        body: { state: sent ? "executed" : "not_executed" },
      });
      expect(recorded(change).takeovers.map(({ writer }) => writer)).toEqual(["broker-1"]);
      await expectSpent(change);
      expect(world.gitops.commits()).toBe(commits + (sent ? 1 : 0));
    },
  );

  it("back just when the other one may: one of them ends it", async () => {
    const commits = world.gitops.commits();
    const change = await killedAfter("execute");
    const started = world.start();
    pass(PAST_DEADLINE_MS);
    await started;
    await ended(change);
    expect(finalOf(change)).toMatchObject({ body: { state: "executed" } });
    await expectSpent(change);
    expect(world.gitops.commits()).toBe(commits + 1);
  });

  it("whoever took over and died in turn asks the target again: what was sent is executed", async () => {
    const commits = world.gitops.commits();
    const change = await killedAfter("execute");
    const target = join(world.seb, "gitops.git");
    renameSync(target, `${target}.away`);
    pass(PAST_DEADLINE_MS);
    await until("it is taken over", () => recorded(change).takeovers.length > 0, TAKEN_OVER_WITHIN_MS);
    await until("it cannot tell", () => recorded(change).outcomes.length > 0, TAKEN_OVER_WITHIN_MS);
    expect(recorded(change).outcomes).toMatchObject([{ writer: "broker-2", body: { state: "unknown" } }]);
    await second.service.kill9();
    renameSync(`${target}.away`, target);
    second.service.start();
    await second.service.ready();
    await ended(change);
    expect(finalOf(change)).toMatchObject({ writer: "broker-2", body: { state: "executed" } });
    await world.start();
    await expectSpent(change);
    expect(world.gitops.commits()).toBe(commits + 1);
  });

  it("of 24 presentations at both brokers at once, one executes", async () => {
    const commits = world.gitops.commits();
    const change = await prepared();
    const agents = Array.from({ length: 24 }, (_, at) => (at % 2 === 0 ? world.agent : second.agent));
    const answers = await Promise.all(agents.map(({ execute }) => execute(change.certificate, change.operation)));
    expect(answers.filter(({ body }) => body.state === "executed" && body.replayed === false)).toHaveLength(1);
    expect(world.gitops.commits()).toBe(commits + 1);
    const { decisions, outcomes } = recorded(change);
    expect([decisions.length, outcomes.length]).toEqual([1, 1]);
  });
});
