import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { type Environment, startEnvironment, until } from "../harness/environment.js";
import { deploymentPath } from "../harness/gitops.js";
import { payloadOf } from "../harness/json.js";
import { certify, OPERATION, verdict } from "../harness/scene.js";

let world: Environment;
const path = deploymentPath("checkout", "us-east-1");
beforeAll(async () => {
  world = await startEnvironment();
});
afterAll(() => world?.cleanup());

const otherReplicas = (count: number) => (text: string) => text.replace(/replicas: \d+/, `replicas: ${count}`);

describe("state that drifted is not written", () => {
  it("goes through when an unrelated file changed in between", async () => {
    const certificate = await certify(world);
    const between = world.gitops.commit("docs/unrelated.md", () => "unrelated\n");
    const answer = await world.agent.execute(certificate, OPERATION);
    expect(answer.body).toMatchObject({ state: "executed" });
    expect(world.gitops.head()).not.toBe(between);
    expect(world.gitops.file("docs/unrelated.md")).toBe("unrelated\n");
    expect(world.gitops.replicas("checkout", "us-east-1")).toBe(12);
  });

  it("refuses when the certified file changed in between; what somebody else wrote stays", async () => {
    const certificate = await certify(world);
    const between = world.gitops.commit(path, otherReplicas(8));
    const answer = await world.agent.execute(certificate, OPERATION);
    expect(verdict(answer)).toEqual({ status: 409, code: "state_drifted", step: "state" });
    expect(world.gitops.head()).toBe(between);
    expect(world.gitops.replicas("checkout", "us-east-1")).toBe(8);
  });

  it("leaves the certificate unspent, and a new observation makes it possible again", async () => {
    const answer = await world.agent.execute(await certify(world), OPERATION);
    expect(answer.body).toMatchObject({ state: "executed" });
  });

  it("is refused by the target when the file changes after the last look", async () => {
    await world.stop();
    await world.start({ step: "execute", when: "before", do: "pause" });
    const certificate = await certify(world, { bounds: { max_replicas: 10 } });
    const body = { ...OPERATION, parameters: { ...OPERATION.parameters, replicas: 10 } };
    const executing = world.agent.execute(certificate, body);
    await until("the execution waits before it sends", () => world.reached());
    const between = world.gitops.commit(path, otherReplicas(7));
    world.resume();
    const answer = await executing;
    expect(verdict(answer)).toEqual({ status: 409, code: "state_drifted", step: "execute" });
    expect(world.gitops.head()).toBe(between);
    const [outcome] = world.ledger.find("broker", "outcome", { cert_id: payloadOf(certificate).jti });
    expect(outcome?.body).toMatchObject({ state: "not_executed", code: "state_drifted" });
  });

  it("never writes over a stranger in 15 rounds of racing commits", async () => {
    await world.stop();
    await world.start();
    for (let round = 0; round < 15; round += 1) {
      const count = 2 + (round % 5);
      const certificate = await certify(world, { bounds: { max_replicas: 11 } });
      const body = { ...OPERATION, parameters: { ...OPERATION.parameters, replicas: 11 } };
      const executing = world.agent.execute(certificate, body);
      let racedAt: string | undefined;
      try {
        racedAt = world.gitops.commit(path, otherReplicas(count));
      } catch {
        // The broker was first: the stranger's push was refused as not fast-forward.
      }
      const answer = await executing;
      if (answer.body.state === "executed") {
        const { commit } = answer.body.result as { commit: string };
        expect(world.gitops.message(commit)).toContain("SEB-Certificate");
      } else {
        expect(answer.body.code).toBe("state_drifted");
        expect(world.gitops.head()).toBe(racedAt);
      }
      await world.agent.execute(await certify(world), OPERATION);
    }
  });
});
