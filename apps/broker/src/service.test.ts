import { connect } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { gateAt, TestBroker, until } from "../testing/broker.js";
import { certify, OPERATION } from "../testing/certificate.js";
import { World } from "../testing/world.js";

let world: World;
beforeAll(async () => {
  world = await World.make();
});
afterAll(() => world.end());

describe("a broker", () => {
  it("that stops lets what is under way end, and takes nothing new", async () => {
    const gate = gateAt();
    const broker = await TestBroker.start(world, {
      hook: async (name, run) => {
        if (name === "guard") await gate.pause();
        return run();
      },
    });
    const { token } = certify(world);
    const executing = broker.execute(token, OPERATION);
    await gate.reached;
    // A request of which only the beginning has come: its connection is not closed, and it is answered.
    const socket = connect(Number(new URL(broker.url).port), "127.0.0.1");
    let received = "";
    socket.on("data", (chunk) => {
      received += chunk.toString();
    });
    socket.write("GET /v1/executions HTTP/1.1\r\n");
    await new Promise((resolve) => setTimeout(resolve, 50));
    const stopping = broker.stop();
    socket.write("host: broker\r\n\r\n");
    await until("it is answered", () => received.includes('"code":"draining"'));
    expect(received).toMatch(/^HTTP\/1.1 503 /);
    gate.go();
    expect(await executing).toMatchObject({ status: 200, body: { state: "executed" } });
    socket.destroy();
    await stopping;
    expect(world.gitops.replicas()).toBe(12);
  });

  it("is not ready without an active bundle, and says why", async () => {
    world.active = null;
    await world.change();
    const broker = await TestBroker.start(world);
    expect((await broker.send("GET", "/readyz", undefined)).body).toMatchObject({
      code: "not_ready",
      facts: { reasons: ["no_active_bundle"] },
    });
    expect(await broker.observe()).toMatchObject({ status: 503, code: "no_active_bundle" });
    await world.change({ bundle: world.control.digest });
    await until("it is ready", async () => (await broker.send("GET", "/readyz", undefined)).status === 200);
    await broker.stop();
  });

  it("counts what its HTTP shell refuses, like any stranger's refusal", async () => {
    const broker = await TestBroker.start(world);
    const answer = await broker.send("POST", "/v1/executions", { action: 1 });
    expect(answer).toMatchObject({ status: 400, code: "request_invalid" });
    await until("it is recorded", async () =>
      (await broker.records("refusal")).some((it) => it.code === "request_invalid"),
    );
    await broker.stop();
  });
});
