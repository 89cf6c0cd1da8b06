import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { fail } from "@seb/schema";
import { publicOf } from "@seb/seal";
import type { Trust } from "@seb/verify-core";
import { connectorWith, gateAt, TestBroker } from "../../testing/broker.js";
import { certify, OPERATION } from "../../testing/certificate.js";
import { freshId, World } from "../../testing/world.js";
import type { BrokerPorts } from "../index.js";

let world: World;
let broker: TestBroker;
let gate: ReturnType<typeof gateAt> | undefined;
let throws = false;
let speaks = false;
async function start(ports: Partial<BrokerPorts> = {}): Promise<void> {
  broker = await TestBroker.start(world, {
    hook: async (name, run) => {
      if (name === "mint") await gate?.pause();
      return run();
    },
    ports: (real) => ({ ...silentTarget(real), ...ports }),
  });
}

/** A target that breaks off while it is sent to, and cannot tell afterwards: it is neither fenced nor asked. */
const silentTarget = (ports: BrokerPorts) =>
  connectorWith(ports, (git) => ({
    async open(request) {
      const session = await git.open(request);
      if (!session.ok || !throws) return session;
      const execute = () => Promise.reject(new Error("the connection broke"));
      return { ok: true, value: { identity: session.value.identity, execute } };
    },
    fence: async (...asked) => (speaks ? git.fence(...asked) : fail("target_unavailable", "silent")),
    reconcile: async (...asked) => (speaks ? git.reconcile(...asked) : fail("target_unavailable", "silent")),
  }));

beforeAll(async () => {
  world = await World.make();
  await start();
});
afterAll(async () => {
  await broker.stop();
  await world.end();
});

async function unknown(): Promise<string> {
  throws = true;
  const { token, id } = certify(world);
  expect(await broker.execute(token, OPERATION)).toMatchObject({ status: 202, code: "execution_unknown" });
  throws = false;
  return id;
}

const own = async (kind: string, id: string) => (await broker.records(kind)).filter((body) => body.cert_id === id);

describe("an execution that is unknown", () => {
  it.each(["executed", "not_executed"] as const)("is resolved as %s by a named operator, once", async (state) => {
    const id = await unknown();
    expect(await broker.resolve({ do: "resolve", certificate: id, state })).toMatchObject({
      status: 200,
      body: { state },
    });
    expect(await own("resolution", id)).toMatchObject([{ operator: "alice", state }]);
    const outcomes = await own("outcome", id);
    expect(outcomes.map(({ state: said, by }) => [said, by])).toEqual([
      ["unknown", "broker"],
      [state, "operator:alice"],
    ]);
    expect(Number(outcomes[1]?.fence)).toBeGreaterThan(Number(outcomes[0]?.fence));
    expect((await broker.get(`/v1/executions/${id}`)).body).toMatchObject({ state });
    const again = await broker.resolve({ do: "resolve", certificate: id, state });
    expect(again).toMatchObject({ status: 409, code: "resolution_refused" });
    expect(await own("resolution", id)).toHaveLength(1);
  });

  it("is not resolved against the target's own word, which is asked behind a fence when it can be", async () => {
    const id = await unknown();
    speaks = true;
    const answer = await broker.resolve({ do: "resolve", certificate: id, state: "executed" });
    speaks = false;
    expect(answer).toMatchObject({ status: 409, code: "resolution_refused" });
    const [, final] = await own("outcome", id);
    expect(final).toMatchObject({ state: "not_executed", by: "reconciler" });
    expect(world.gitops.marker(id)).toBe("blob");
  });

  it("is resolved also when the signer's key has left the trust file meanwhile", async () => {
    const id = await unknown();
    await broker.stop();
    const known = world.trust;
    const find: Trust["find"] = (typ, kid) => (typ === "seb-cert+jwt" ? undefined : known.find(typ, kid));
    await start({ trust: () => ({ ...known, find }) });
    const answer = await broker.resolve({ do: "resolve", certificate: id, state: "not_executed" });
    expect(answer).toMatchObject({ status: 200, body: { state: "not_executed" } });
    await broker.stop();
    await start();
  });

  it("blocks its resource until then", async () => {
    const id = await unknown();
    const next = certify(world);
    expect(await broker.execute(next.token, OPERATION)).toMatchObject({ code: "resource_busy", step: "take" });
    await broker.resolve({ do: "resolve", certificate: id, state: "not_executed" });
    expect(await broker.execute(next.token, OPERATION)).toMatchObject({ status: 200 });
  });
});

describe("a resolution is refused", () => {
  it("of an execution that nobody knows", async () => {
    const answer = await broker.resolve({ do: "resolve", certificate: freshId("c_"), state: "executed" });
    expect(answer).toMatchObject({ status: 404, code: "execution_not_found" });
  });

  it("of one that may still end by itself", async () => {
    const { token, id } = certify(world);
    gate = gateAt();
    const executing = broker.execute(token, OPERATION);
    await gate.reached;
    const answer = await broker.resolve({ do: "resolve", certificate: id, state: "not_executed" });
    expect(answer).toMatchObject({ status: 409, code: "resolution_refused" });
    gate.go();
    gate = undefined;
    expect(await executing).toMatchObject({ status: 200 });
  });

  it("when the order says something else, and leaves a refusal", async () => {
    const before = (await broker.records("refusal")).length;
    const target = { kind: "action" as const, value: "deploy" };
    expect(await broker.resolve({ do: "revoke", target })).toMatchObject({ status: 400, code: "order_invalid" });
    expect((await broker.records("refusal")).slice(before)).toMatchObject([{ code: "order_invalid", step: "resolve" }]);
  });

  it("when the operator's key is revoked, until that is lifted", async () => {
    const id = await unknown();
    await world.change({ standing: [{ kind: "key", value: publicOf(world.keys.order).kid }] });
    const order = { do: "resolve", certificate: id, state: "not_executed" } as const;
    expect(await broker.resolve(order)).toMatchObject({ status: 403, code: "revoked_key" });
    await world.change({ standing: [] });
    expect(await broker.resolve(order)).toMatchObject({ status: 200, body: { state: "not_executed" } });
  });

  it("when no operator signed it", async () => {
    const { token } = certify(world);
    expect(await broker.send("POST", "/v1/resolutions", { order: token })).toMatchObject({
      code: "token_typ_not_allowed",
    });
  });
});
