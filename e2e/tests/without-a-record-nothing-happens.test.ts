import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "@jest/globals";
import { type Answer, http } from "../harness/agent.js";
import { type Environment, REAL, type ServiceName, startEnvironment, until } from "../harness/environment.js";
import { payloadOf } from "../harness/json.js";
import { giveOrder } from "../harness/orders.js";
import { takeAway } from "../harness/record-place.js";
import { certify, hotfix, OPERATION, verdict } from "../harness/scene.js";

let world: Environment;
let head: string;
beforeAll(async () => {
  world = await startEnvironment();
});
afterAll(() => world?.cleanup());
beforeEach(() => {
  head = world.gitops.head();
});

const FAILED = { status: 503, code: "record_failed" };
/** Status of its readiness; 0 in the moment in which a process changes from serving to waiting. */
const ready = async (name: ServiceName) =>
  (await http(`${world.urls[name]}/readyz`).catch(() => undefined))?.status ?? 0;

const isReady = (name: ServiceName) => until(`${name} is ready`, async () => (await ready(name)) === 200, 40_000);
async function restart(name: ServiceName): Promise<void> {
  await world.stopService(name);
  await world.startService(name);
  await isReady(name);
}
/** The service reads its records anew: embedded it is started again; a process of its own does so by itself as soon as they can be had. */
const readAnew = (name: ServiceName) => (REAL ? isReady(name) : restart(name));
let replicas = 6;
/** A certified change works again. */
async function expectWorks(): Promise<void> {
  replicas += 1;
  const certificate = await certify(world, { bounds: { max_replicas: replicas } });
  const operation = { ...OPERATION, parameters: { ...OPERATION.parameters, replicas } };
  expect((await world.agent.execute(certificate, operation)).body.state).toBe("executed");
  expect(world.gitops.head()).not.toBe(head);
}

describe("when a service cannot write its records", () => {
  it("the broker executes nothing and says why, until it is started with its records", async () => {
    const certificates = await Promise.all([certify(world), certify(world), certify(world)]);
    const back = await world.records.refuse("broker");
    const [first = "", ...others] = certificates;
    const refused = await world.agent.execute(first, OPERATION);
    expect(verdict(refused)).toEqual({ ...FAILED, step: "record" });
    await until("the broker is not ready", async () => (await ready("broker")) === 503);
    // Whatever comes after it: refused by the same step, or, where the process gave up its place by itself, at the door.
    for (const certificate of others) {
      const answer = await world.agent.execute(certificate, OPERATION);
      expect(verdict(answer)).toEqual(REAL ? { status: 503, code: "not_ready" } : { ...FAILED, step: "record" });
    }
    if (!REAL) {
      // The place is there again, but nobody knows what it holds: the sink stays broken until it was read anew.
      await back();
      const again = await world.agent.execute(await certify(world), OPERATION);
      expect(verdict(again)).toEqual({ ...FAILED, step: "record" });
    }
    expect(world.gitops.head()).toBe(head);
    expect(world.gitops.refs()).toEqual(["refs/heads/main"]);
    if (REAL) await back();
    await readAnew("broker");
    const answer = await world.agent.execute(first, OPERATION);
    expect(answer.body).toMatchObject({ code: "no_decision" });
    expect(world.gitops.head()).toBe(head);
    await expectWorks();
  });

  it("the broker verifies nothing either: what it would do has to be recorded too", async () => {
    const certificate = await certify(world);
    const back = await world.records.refuse("broker");
    const answer = await world.agent.verify(certificate, { operation: OPERATION });
    expect(verdict(answer)).toMatchObject(FAILED);
    await back();
    await readAnew("broker");
    await expectWorks();
  });

  it("the signer issues nothing, because of its journal", async () => {
    const back = await world.records.refuse("signer");
    const answer = await world.agent.request(hotfix(world));
    expect(verdict(answer)).toEqual({ ...FAILED, step: "journal" });
    expect(answer.body.certificate).toBeUndefined();
    await until("the signer is not ready", async () => (await ready("signer")) === 503);
    const again = await world.agent.request(hotfix(world));
    expect(verdict(again)).toMatchObject(REAL ? { status: 503 } : FAILED);
    expect(again.body.certificate).toBeUndefined();
    await back();
    await readAnew("signer");
    await expectWorks();
  });

  it("the signer issues nothing, because of its store of evidence", async () => {
    const back = takeAway(join(world.seb, "signer", "evidence"));
    const issued = world.ledger.find("signer", "issued").length;
    const answer = await world.agent.request(hotfix(world));
    expect(verdict(answer)).toEqual({ ...FAILED, step: "store" });
    expect(world.ledger.find("signer", "issued")).toHaveLength(issued);
    back();
    await restart("signer");
    await expectWorks();
  });

  it("the revocation service takes no order, and says so", async () => {
    const target = { kind: "action", value: "scale" };
    const back = await world.records.refuse("revocation");
    const answer = await giveOrder(world, { do: "revoke", target });
    expect(verdict(answer)).toEqual(FAILED);
    await until("it is not ready", async () => (await ready("revocation")) === 503);
    await back();
    await readAnew("revocation");
    const { body } = await http(`${world.urls.revocation}/v1/revocations`);
    expect(body.standing).toEqual([]);
    await until("all go on", async () => (await ready("broker")) === 200);
    await expectWorks();
  });

  it("the second place of heads alone does not stop anything, and is complained about", async () => {
    const log = () => readFileSync(join(world.seb, "broker", "log.jsonl"), "utf8");
    const back = takeAway(join(world.seb, "heads", "broker"));
    await expectWorks();
    await until("the log complains", () => log().includes("a head could not be copied"));
    head = world.gitops.head();
    await expectWorks();
    back();
  });
});

describe("when the disk takes nothing more", () => {
  /** Asks again while a process changes from serving to waiting and nobody listens. */
  async function answered(ask: () => Promise<Answer>): Promise<Answer> {
    let answer: Answer | undefined;
    await until("somebody answers", async () => {
      answer = await ask().catch(() => undefined);
      return answer !== undefined;
    });
    return answer as Answer;
  }
  const limit = (bytes: string) => {
    for (const pid of world.pids()) execFileSync("prlimit", ["--pid", String(pid), `--fsize=${bytes}:unlimited`]);
  };

  it("nothing is issued, executed or ordered, each with a code; after a restart everything goes on", async () => {
    const certificate = await certify(world);
    const commits = world.gitops.commits();
    limit("1");
    const answers: Answer[] = [];
    const target = { kind: "action", value: "scale" };
    for (let n = 0; n < 3; n++) {
      answers.push(await answered(() => world.agent.request(hotfix(world))));
      answers.push(await answered(() => world.agent.execute(certificate, OPERATION)));
      answers.push(await answered(() => giveOrder(world, { do: "revoke", target })));
    }
    for (const { status, body } of answers) {
      expect(status).toBe(503);
      expect(body.code).toMatch(
        /^(record_failed|store_unavailable|target_unavailable|status_stale|step_failed|not_ready)$/,
      );
    }
    expect(world.gitops.commits()).toBe(commits);
    expect(world.gitops.refs()).not.toContain(`refs/seb/${payloadOf(certificate).jti}`);
    await world.kill9();
    await world.start();
    await expectWorks();
    const { stdout } = await world.run("seb", ["audit", "verify", "--running", "--json"]);
    const { verdict: proved, chains } = JSON.parse(stdout);
    // Sound; but what a killed process wrote last is not proved for good.
    expect(proved).toBe("tail_not_proved");
    expect(chains.map(({ problems }: { problems: unknown }) => problems)).toEqual([[], [], []]);
  });
});

describe("when only the outcome cannot be recorded", () => {
  it("the change counts as unknown, never as undone, and the next start finds out: one commit, one outcome", async () => {
    await world.stop();
    await world.start({ step: "outcome", when: "before", do: "pause" });
    const certificate = await certify(world);
    const cert_id = payloadOf(certificate).jti;
    const executing = world.agent.execute(certificate, OPERATION);
    await until("the change was sent", () => world.reached());
    const commits = world.gitops.commits();
    const back = await world.records.refuse("broker");
    world.resume();
    expect(verdict(await executing)).toMatchObject({ status: 202, code: "execution_unknown" });
    await back();
    await world.kill9();
    await world.start();
    await until("the target was asked", () => world.ledger.find("broker", "outcome", { cert_id }).length > 0);
    const answer = await world.agent.get(`${world.urls.broker}/v1/executions/${cert_id}`);
    expect(answer.body).toMatchObject({ state: "executed", result: { commit: world.gitops.head() } });
    expect(world.ledger.find("broker", "outcome", { cert_id })).toHaveLength(1);
    expect(world.gitops.commits()).toBe(commits);
    const again = await world.agent.execute(certificate, OPERATION);
    expect(again.body).toMatchObject({ state: "executed", replayed: true });
    expect(world.gitops.commits()).toBe(commits);
  });
});
