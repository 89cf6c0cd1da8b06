import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { calculateJwkThumbprint } from "jose";
import { http, publicPart } from "../harness/agent.js";
import { type Environment, startEnvironment, until } from "../harness/environment.js";
import { payloadOf } from "../harness/json.js";
import { giveOrder, giveOrderByTwo } from "../harness/orders.js";
import { CHECKOUT, certify, hotfix, OPERATION, verdict } from "../harness/scene.js";

let world: Environment;
beforeAll(async () => {
  world = await startEnvironment();
});
afterAll(() => world?.cleanup());

/** Every kind of standing revocation: what it names of a certificate, and the step that meets it first. */
const KINDS: readonly [string, (certificate: string) => Promise<string> | string, string][] = [
  ["certificate", (certificate) => String(payloadOf(certificate).jti), "view"],
  ["subject", () => "agent:oncall-v3", "view"],
  ["key", () => calculateJwkThumbprint(publicPart(world.key("agent").jwk)), "view"],
  ["policy", () => "auto-low-risk-v2", "policy"],
  ["bundle", (certificate) => String(payloadOf(certificate).bundle), "policy"],
  ["resource", () => CHECKOUT, "view"],
  ["resource", () => "service:*/region:us-east-1", "view"],
  ["action", () => "deploy", "view"],
  ["everything", () => "*", "view"],
];

describe("a revoked certificate is never admitted", () => {
  it.each(KINDS)(
    "refuses after a revocation of the %s was acknowledged, and works again when lifted",
    async (kind, named, step) => {
      const certificate = await certify(world);
      const target = { kind, value: await named(certificate) };
      const head = world.gitops.head();
      const acknowledged = await giveOrder(world, { do: "revoke", target });
      expect(acknowledged.status).toBe(200);

      const answer = await world.agent.execute(certificate, OPERATION);
      expect(verdict(answer)).toEqual({ status: 403, code: `revoked_${kind}`, step });
      expect(world.gitops.head()).toBe(head);

      // A standing revocation also stops issuing, except that of one certificate.
      if (kind !== "certificate") {
        const asked = await world.agent.request(hotfix(world));
        expect(asked.body.code).toBe(`revoked_${kind}`);
      }
      expect(verdict(await giveOrder(world, { do: "lift", target }))).toMatchObject({
        status: 202,
        code: "order_pending",
      });
      expect((await giveOrder(world, { do: "lift", target }, "bob")).status).toBe(200);
      expect((await world.agent.execute(certificate, OPERATION)).body).toMatchObject({ state: "executed" });
    },
  );

  it("refuses what the signer's revoked key signed", async () => {
    const certificate = await certify(world);
    const value = await calculateJwkThumbprint(publicPart(world.key("signer-certificate").jwk));
    await giveOrder(world, { do: "revoke", target: { kind: "key", value } });
    expect(verdict(await world.agent.execute(certificate, OPERATION))).toMatchObject({
      status: 403,
      code: "revoked_key",
    });
    await giveOrderByTwo(world, { do: "lift", target: { kind: "key", value } });
  });

  it.each([
    ["global", "*", "view"],
    ["subject", "agent:oncall-v3", "view"],
    ["policy", "auto-low-risk-v2", "policy"],
  ])("a raised %s epoch kills what was issued and lets new certificates through", async (kind, value, step) => {
    const certificate = await certify(world);
    const raised = await giveOrder(world, { do: "epoch", target: { kind, value } });
    expect(raised.status).toBe(200);
    expect(verdict(await world.agent.execute(certificate, OPERATION))).toEqual({
      status: 403,
      code: "epoch_stale",
      step,
    });
    await until("a new certificate works", async () => {
      const fresh = await certify(world);
      return (await world.agent.execute(fresh, OPERATION)).body.state === "executed";
    });
  });

  it("activating another bundle kills what the earlier one's policies permitted", async () => {
    const certificate = await certify(world);
    const { bundle } = payloadOf(certificate);
    expect((await giveOrderByTwo(world, { do: "activate", bundle, wire: 1 })).status).toBe(200);
    expect(verdict(await world.agent.execute(certificate, OPERATION))).toMatchObject({
      status: 403,
      code: "epoch_stale",
    });
  });

  it("recalls an execution that was admitted before: the guard refuses, the outcome says so", async () => {
    await world.stop();
    await world.start({ step: "guard", when: "before", do: "pause" });
    const certificate = await certify(world);
    const head = world.gitops.head();
    const executing = world.agent.execute(certificate, OPERATION);
    await until("the execution waits before its guard", () => world.reached());
    const certId = String(payloadOf(certificate).jti);
    const revoked = await giveOrder(world, { do: "revoke", target: { kind: "certificate", value: certId } });
    expect(revoked.status).toBe(200);
    await until("the recall is recorded", () => world.ledger.find("broker", "recall", { cert_id: certId }).length > 0);
    world.resume();
    const answer = await executing;
    expect(["recalled", "revoked_certificate"]).toContain(answer.body.code);
    expect(world.gitops.head()).toBe(head);
    const [outcome] = world.ledger.find("broker", "outcome", { cert_id: certId });
    const [decision] = world.ledger.find("broker", "decision", { cert_id: certId });
    expect(outcome?.body.state).toBe("not_executed");
    expect(Number(outcome?.body.recall_seq)).toBeGreaterThan(Number(decision?.body.take_seq));
    expect(outcome?.body.take_seq).toBe(decision?.body.take_seq);
  });

  it("a revocation stands across a restart of everything", async () => {
    await giveOrder(world, { do: "revoke", target: { kind: "subject", value: "agent:oncall-v3" } });
    await world.kill9();
    await world.start();
    const asked = await world.agent.request(hotfix(world));
    expect(asked.body.code).toBe("revoked_subject");
    await giveOrderByTwo(world, { do: "lift", target: { kind: "subject", value: "agent:oncall-v3" } });
    await until("the agent may ask again", async () => (await world.agent.request(hotfix(world))).status === 201);
  });

  it("one operator cannot lift: neither alone nor twice", async () => {
    const target = { kind: "action", value: "deploy" };
    await giveOrder(world, { do: "revoke", target });
    await giveOrder(world, { do: "lift", target }, "alice");
    const twice = await giveOrder(world, { do: "lift", target }, "alice");
    expect(verdict(twice)).toMatchObject({ status: 409, code: "order_same_operator" });
    expect((await world.agent.request(hotfix(world))).body.code).toBe("revoked_action");
    await giveOrder(world, { do: "lift", target }, "bob");
  });

  it("refuses while the status is missing or old, and recovers alone", async () => {
    const certificate = await certify(world);
    await world.stopService("revocation");
    await until("the broker is not ready", async () => (await http(`${world.urls.broker}/readyz`)).status === 503);
    const head = world.gitops.head();
    expect(verdict(await world.agent.execute(certificate, OPERATION))).toEqual({
      status: 503,
      code: "status_stale",
      step: "view",
    });
    expect(world.gitops.head()).toBe(head);
    await world.startService("revocation");
    await until(
      "it works again",
      async () => (await world.agent.execute(await certify(world), OPERATION)).body.state === "executed",
    );
  });
});
