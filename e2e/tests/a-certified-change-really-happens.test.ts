import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { type Environment, startEnvironment } from "../harness/environment.js";
import { payloadOf } from "../harness/json.js";
import { CHECKOUT, certify, hotfix, NEW_IMAGE, OPERATION } from "../harness/scene.js";

let world: Environment;
beforeAll(async () => {
  world = await startEnvironment();
});
afterAll(() => world?.cleanup());

describe("a certified change really happens", () => {
  it("changes the GitOps repository exactly as certified, in one commit that names its certificate", async () => {
    const before = world.gitops.commits();
    const certificate = await certify(world);
    const answer = await world.agent.execute(certificate, OPERATION);

    expect(answer.status).toBe(200);
    expect(answer.body).toMatchObject({ state: "executed", replayed: false, resource: CHECKOUT });
    expect(world.gitops.commits()).toBe(before + 1);
    expect(world.gitops.image("checkout", "us-east-1")).toBe(`registry.example/checkout@${NEW_IMAGE}`);
    expect(world.gitops.replicas("checkout", "us-east-1")).toBe(12);
    // The other region runs what it ran.
    expect(world.gitops.replicas("checkout", "eu-west-1")).toBe(6);
    const { commit } = answer.body.result as { commit: string };
    expect(commit).toBe(world.gitops.head());
    const certId = payloadOf(certificate).jti;
    expect(world.gitops.message(commit)).toContain(`SEB-Certificate: ${certId}`);
    expect(world.gitops.message(commit)).toContain("SEB-Subject: agent:oncall-v3");
  });

  it("records the decision before the outcome, both naming certificate, subject and policy", async () => {
    const [outcome] = world.ledger.find("broker", "outcome", { state: "executed" });
    const [decision] = world.ledger.find("broker", "decision", { cert_id: outcome?.body.cert_id });
    expect(decision?.body).toMatchObject({
      subject: "agent:oncall-v3",
      policy: "auto-low-risk-v2",
      resource: CHECKOUT,
    });
    expect(decision?.seq).toBeLessThan(outcome?.seq ?? -1);
    expect(world.ledger.find("signer", "issued")).toHaveLength(1);
  });

  it("issues exactly what was asked: scope, contract, window of at most 90 s, the agent's own key", async () => {
    const certificate = payloadOf(await certify(world, { bounds: { max_replicas: 7 } }));
    expect(certificate).toMatchObject({
      sub: "agent:oncall-v3",
      action: "deploy",
      resource: CHECKOUT,
      scope: { image_digest: NEW_IMAGE, max_replicas: 7 },
      mode: "enforce",
    });
    expect(Number(certificate.exp) - Number(certificate.iat)).toBeLessThanOrEqual(90);
  });

  it("works through the command lines, end to end, in one command", async () => {
    const before = world.gitops.commits();
    const args = ["--action", "deploy", "--service", "checkout", "--region", "eu-west-1", "--replicas", "5", "--json"];
    const ran = await world.run("agent-cli", ["run", ...args]);
    expect({ code: ran.code, stderr: ran.stderr }).toMatchObject({ code: 0 });
    expect(JSON.parse(ran.stdout)).toMatchObject({ state: "executed" });
    expect(world.gitops.commits()).toBe(before + 1);
    expect(world.gitops.replicas("checkout", "eu-west-1")).toBe(5);
  });

  it("gives the same certificate for the same request, and refuses the key for another", async () => {
    const observed = await world.agent.observe({ action: "deploy", service: "checkout", region: "us-east-1" });
    const observation = String(observed.body.observation);
    const idempotencyKey = "the-same-request-0001";
    const first = await world.agent.request(hotfix(world), { observation, idempotencyKey });
    const again = await world.agent.request(hotfix(world), { observation, idempotencyKey });
    expect(again.body).toMatchObject({ certificate: first.body.certificate, replayed: true });
    const other = await world.agent.request(hotfix(world, { bounds: { max_replicas: 3 } }), {
      observation,
      idempotencyKey,
    });
    expect(other).toMatchObject({ status: 409, body: { code: "idempotency_conflict" } });
  });
});
