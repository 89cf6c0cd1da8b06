import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { type Environment, startEnvironment, until } from "../harness/environment.js";
import { payloadOf } from "../harness/json.js";
import { certify, OPERATION, verdict } from "../harness/scene.js";

let world: Environment;
beforeAll(async () => {
  world = await startEnvironment();
});
afterAll(() => world?.cleanup());

describe("a certificate works once", () => {
  it("answers the same operation with its recorded state, without a second commit", async () => {
    const certificate = await certify(world);
    const first = await world.agent.execute(certificate, OPERATION);
    const commits = world.gitops.commits();
    const again = await world.agent.execute(certificate, OPERATION);
    expect(first.body).toMatchObject({ state: "executed", replayed: false });
    expect(again.body).toMatchObject({ state: "executed", replayed: true, result: first.body.result });
    expect(world.gitops.commits()).toBe(commits);
  });

  it("refuses another operation with a used certificate", async () => {
    const certificate = await certify(world);
    await world.agent.execute(certificate, OPERATION);
    const other = { ...OPERATION, parameters: { ...OPERATION.parameters, replicas: 3 } };
    const answer = await world.agent.execute(certificate, other);
    expect(verdict(answer)).toEqual({ status: 409, code: "already_used", step: "replay" });
    expect(world.gitops.replicas("checkout", "us-east-1")).toBe(12);
  });

  it("lets exactly one of 40 concurrent presentations change something", async () => {
    const certificate = await certify(world, { bounds: { max_replicas: 12 } });
    const before = world.gitops.commits();
    const bodies = Array.from({ length: 40 }, (_, at) => ({
      ...OPERATION,
      parameters: { ...OPERATION.parameters, replicas: at % 2 === 0 ? 11 : 10 },
    }));
    const answers = await Promise.all(bodies.map((body) => world.agent.execute(certificate, body)));
    const executed = answers.filter(({ body }) => body.state === "executed" && body.replayed === false);
    expect(executed).toHaveLength(1);
    for (const { body } of answers) {
      if (body.state === "executed") continue;
      expect(["already_used", "execution_open", "resource_busy"]).toContain(body.code);
    }
    expect(world.gitops.commits()).toBe(before + 1);
    expect(world.ledger.find("broker", "decision", { cert_id: payloadOf(certificate).jti })).toHaveLength(1);
  });

  it("refuses two certificates at a time on one resource; the second stays unspent", async () => {
    const [first, second] = await Promise.all([certify(world), certify(world, { bounds: { max_replicas: 4 } })]);
    const smaller = { ...OPERATION, parameters: { ...OPERATION.parameters, replicas: 4 } };
    const answers = await Promise.all([world.agent.execute(first, OPERATION), world.agent.execute(second, smaller)]);
    const executed = answers.filter(({ body }) => body.state === "executed").length;
    expect(executed).toBe(1);
    // Whoever came second met the open execution, or the state that the first one left.
    const refused = answers.find(({ body }) => body.state !== "executed");
    expect(["resource_busy", "state_drifted"]).toContain(refused?.body.code);
  });

  it.each(["take", "record", "execute", "outcome"] as const)(
    "is not used a second time when the broker is killed after %s and comes back",
    async (step) => {
      await world.stop();
      await world.start({ step, when: "after", do: "kill" });
      const before = world.gitops.commits();
      const certificate = await certify(world, { bounds: { max_replicas: 9 } });
      const certId = String(payloadOf(certificate).jti);
      const body = { ...OPERATION, parameters: { ...OPERATION.parameters, replicas: 9 } };
      await expect(world.agent.execute(certificate, body)).rejects.toThrow();
      await world.start();
      await until("the execution is closed", () => {
        const outcomes = world.ledger.find("broker", "outcome", { cert_id: certId });
        return outcomes.some((record) => record.body.state !== "unknown");
      });
      const outcomes = world.ledger.find("broker", "outcome", { cert_id: certId });
      expect(outcomes).toHaveLength(1);
      const sent = step === "execute" || step === "outcome";
      expect(outcomes[0]?.body.state).toBe(sent ? "executed" : "not_executed");
      expect(world.gitops.commits()).toBe(before + (sent ? 1 : 0));
      const again = await world.agent.execute(certificate, body);
      expect(again.status).not.toBe(201);
      expect(world.gitops.commits()).toBe(before + (sent ? 1 : 0));
      await world.agent.execute(await certify(world), OPERATION);
    },
  );
});
