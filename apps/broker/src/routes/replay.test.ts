import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { gateAt, TestBroker } from "../../testing/broker.js";
import { certify, IMAGE, OPERATION } from "../../testing/certificate.js";
import { World } from "../../testing/world.js";

let world: World;
let broker: TestBroker;
let gate: ReturnType<typeof gateAt> | undefined;
beforeAll(async () => {
  world = await World.make();
  broker = await TestBroker.start(world, {
    hook: async (name, run) => {
      if (name === "mint") await gate?.pause();
      return run();
    },
  });
});
afterAll(async () => {
  await broker.stop();
  await world.end();
});

const other = { ...OPERATION, parameters: { image_digest: IMAGE, replicas: 3 } };

describe("a certificate that is presented again", () => {
  it("gives the recorded state for the same operation, and refuses another", async () => {
    const { token } = certify(world);
    const first = await broker.execute(token, OPERATION);
    const again = await broker.execute(token, OPERATION);
    expect(again).toMatchObject({ status: 200, body: { ...first.body, replayed: true } });
    expect(await broker.execute(token, other)).toMatchObject({ status: 409, code: "already_used", step: "replay" });
    expect(await broker.verify(token, { operation: OPERATION })).toMatchObject({
      body: { verdict: "would_refuse", code: "already_used", step: "replay" },
    });
  });

  it("says that the execution is open while it is", async () => {
    const { token, id } = certify(world);
    gate = gateAt();
    const executing = broker.execute(token, OPERATION);
    await gate.reached;
    expect(await broker.execute(token, OPERATION)).toMatchObject({
      status: 202,
      code: "execution_open",
      body: { facts: { cert_id: id, state: "decided", replayed: true } },
    });
    expect(await broker.execute(token, other)).toMatchObject({ status: 409, code: "already_used" });
    const second = certify(world);
    expect(await broker.execute(second.token, OPERATION)).toMatchObject({ code: "resource_busy", step: "take" });
    gate.go();
    gate = undefined;
    expect(await executing).toMatchObject({ status: 200 });
    // It was refused without being spent.
    expect(await broker.execute(second.token, OPERATION)).toMatchObject({ status: 200, body: { replayed: false } });
  });

  it("changes something once when it comes many times at once", async () => {
    const { token, id } = certify(world);
    const commits = world.gitops.commits();
    const body = { ...OPERATION, parameters: { image_digest: IMAGE, replicas: 2 } };
    const answers = await Promise.all(Array.from({ length: 12 }, () => broker.execute(token, body)));
    expect(answers.filter((answer) => answer.body.replayed === false)).toHaveLength(1);
    for (const { status, code } of answers)
      if (status !== 200) expect(["execution_open", "already_used"]).toContain(code);
    expect(world.gitops.commits()).toBe(commits + 1);
    expect((await broker.records("decision")).filter((body) => body.cert_id === id)).toHaveLength(1);
  });

  it("is known after a restart too, from the store and from the records", async () => {
    const { token, id } = certify(world);
    const first = await broker.execute(token, OPERATION);
    await broker.stop();
    broker = await TestBroker.start(world);
    expect((await broker.execute(token, OPERATION)).body).toEqual({ ...first.body, replayed: true });
    expect((await broker.get("/v1/executions?state=recent&limit=1")).body).toMatchObject({
      executions: [{ cert_id: id, state: "executed" }],
    });
  });
});

describe("what is known of executions", () => {
  it.each([
    ["/v1/executions/c_nothing", 400, "request_invalid"],
    [`/v1/executions/c_${"a".repeat(26)}`, 404, "execution_not_found"],
    ["/v1/executions?state=all", 400, "request_invalid"],
    ["/v1/executions?limit=0", 400, "request_invalid"],
    ["/v1/executions?limit=201", 400, "request_invalid"],
    ["/v1/executions?other=1", 400, "request_invalid"],
  ])("%s answers %d %s", async (path, status, code) => {
    expect(await broker.get(path)).toMatchObject({ status, code });
  });

  it("is told to agents only", async () => {
    expect(await broker.send("GET", "/v1/executions", undefined)).toMatchObject({ status: 401, code: "proof_missing" });
    const dpop = await broker.prove("GET", "/v1/executions", undefined, { key: "stranger" });
    expect(await broker.send("GET", "/v1/executions", undefined, { dpop })).toMatchObject({
      status: 403,
      code: "agent_unknown",
    });
  });
});
