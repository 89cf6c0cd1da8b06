import { renameSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { verifyObservation } from "@seb/verify-core";
import { TestBroker } from "../../testing/broker.js";
import { RESOURCE } from "../../testing/certificate.js";
import { need } from "../../testing/need.js";
import { World } from "../../testing/world.js";

let world: World;
let broker: TestBroker;
beforeAll(async () => {
  world = await World.make();
  broker = await TestBroker.start(world);
});
afterAll(async () => {
  await broker.stop();
  await world.end();
});

const observation = async (body: Readonly<Record<string, unknown>>) =>
  need(
    await verifyObservation(String(body.observation), world.trust, {
      audience: "broker:dev",
      nowSeconds: world.clock.nowMs() / 1000,
      maxAgeSeconds: 60,
    }),
  ).claims;

describe("POST /v1/observations", () => {
  it("signs what the target looks like, for the agent that asked, under the active bundle, for a minute", async () => {
    const answer = await broker.observe();
    expect(answer.status).toBe(200);
    const claims = await observation(answer.body);
    expect(claims).toMatchObject({
      iss: "broker:dev",
      sub: "agent:oncall-v3",
      bundle: world.control.digest,
      action: "deploy",
      resource: RESOURCE,
      state: { version: world.gitops.head(), values: { replicas: 6 } },
    });
    expect(claims.exp - claims.iat).toBe(60);
  });

  it("is refused to strangers, without a proof, and for what the bundle does not have", async () => {
    expect(await broker.observe("stranger")).toMatchObject({ status: 403, code: "agent_unknown" });
    const body = { action: "deploy", service: "checkout", region: "us-east-1" };
    const path = "/v1/observations";
    expect(await broker.send("POST", path, body)).toMatchObject({ status: 401, code: "proof_missing" });
    const wrong = { ...body, region: "mars" };
    const dpop = await broker.prove("POST", path, wrong, {});
    expect(await broker.send("POST", path, wrong, { dpop })).toMatchObject({ status: 404, code: "service_unknown" });
    expect(await broker.send("POST", path, wrong, { dpop })).toMatchObject({ status: 401, code: "proof_replayed" });
  });

  it("is limited to so many a minute for each agent, and counts anew in the next", async () => {
    await world.pass(60_000);
    const codes: unknown[] = [];
    for (let count = 0; count < 6; count += 1) codes.push((await broker.observe()).code ?? "ok");
    expect(codes).toEqual(["ok", "ok", "ok", "ok", "ok", "rate_limited"]);
    expect((await broker.records("refusal")).at(-1)).toMatchObject({ code: "rate_limited", step: "observe" });
    await world.pass(60_000);
    expect((await broker.observe()).status).toBe(200);
  });

  it("says whose fault it is when the target does not answer, has no such object, or is not configured", async () => {
    await world.pass(60_000);
    const search = { action: "deploy", service: "search", region: "us-east-1" };
    const path = "/v1/observations";
    const dpop = await broker.prove("POST", path, search, {});
    expect(await broker.send("POST", path, search, { dpop })).toMatchObject({ status: 502, code: "target_refused" });
    renameSync(world.gitops.url, `${world.gitops.url}.gone`);
    expect(await broker.observe()).toMatchObject({ status: 503, code: "target_unavailable" });
    renameSync(`${world.gitops.url}.gone`, world.gitops.url);
    expect((await broker.observe()).status).toBe(200);
    await broker.stop();
    broker = await TestBroker.start(world, { ports: () => ({ connectors: new Map() }) });
    expect(await broker.observe()).toMatchObject({ status: 503, code: "target_unknown" });
    expect((await broker.records("refusal")).slice(-3).map(({ code }) => code)).toEqual([
      "target_refused",
      "target_unavailable",
      "target_unknown",
    ]);
  });
});
