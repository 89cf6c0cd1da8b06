import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { TestBroker } from "../../testing/broker.js";
import { certify, OPERATION } from "../../testing/certificate.js";
import { freshId, World } from "../../testing/world.js";

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

const operation = { operation: OPERATION };
const last = async (kind: string) => (await broker.records(kind)).at(-1);

describe("POST /v1/verifications", () => {
  it.each(["enforce", "shadow"] as const)(
    "says what an %s certificate would do, changes nothing, leaves a record",
    async (mode) => {
      const { token, id } = certify(world, { mode });
      const head = world.gitops.head();
      const answer = await broker.verify(token, operation);
      expect(answer.body).toMatchObject({
        verdict: "would_execute",
        code: null,
        step: null,
        cert_id: id,
        not_checked: [],
      });
      expect(await last("verification")).toMatchObject({ cert_id: id, mode, verdict: "would_execute" });
      expect(world.gitops.head()).toBe(head);
      expect(await world.store.admission.lookup(id)).toEqual({ ok: true, value: undefined });
      expect(await world.store.admission.open()).toEqual({ ok: true, value: [] });
      expect(await broker.records("decision")).toEqual([]);
    },
  );

  it("lists what it could not check without the agent's key, and without an operation", async () => {
    const { token } = certify(world);
    expect((await broker.verify(token, operation, false)).body).toMatchObject({
      verdict: "would_execute",
      not_checked: ["possession"],
    });
    expect((await broker.verify(token, {}, false)).body).toMatchObject({
      verdict: "would_execute",
      not_checked: ["possession", "operation"],
    });
  });

  it("says code and step of what would be refused", async () => {
    const { token } = certify(world, { tier: 3 });
    const answer = await broker.verify(token, operation);
    expect(answer.body).toMatchObject({ verdict: "would_refuse", code: "ceiling_exceeded", step: "ceilings" });
    expect(answer.body.not_checked).toEqual(["policy", "view", "state", "take"]);
    expect(await last("verification")).toMatchObject({ verdict: "would_refuse", code: "ceiling_exceeded" });
  });

  it("counts refused and unreached requests apart", async () => {
    for (const [prefix, verdict, code] of [
      ["r_", "no_certificate_refused", "certificate_absent"],
      ["p_", "no_certificate_refused", "certificate_absent"],
      ["u_", "no_certificate_unreachable", "certificate_unasked"],
    ] as const) {
      const request = freshId(prefix);
      expect((await broker.verify(undefined, { request })).body).toMatchObject({ verdict, code, cert_id: null });
      expect(await last("refusal")).toMatchObject({ code, request, shadow: true });
    }
    expect(await broker.verify(undefined, {})).toMatchObject({ status: 401, code: "token_missing" });
  });

  it("of nothing authentic leaves no record of its own, and repeats nothing of it", async () => {
    const before = (await broker.records("verification")).length;
    const { token } = certify(world);
    const answer = await broker.verify(`${token.slice(0, -8)}AAAAAAAA`, operation);
    expect(answer.body).toMatchObject({ verdict: "would_refuse", code: "token_signature_invalid", cert_id: null });
    expect(await broker.records("verification")).toHaveLength(before);
    expect(await last("refusal")).toMatchObject({ code: "token_signature_invalid", shadow: true });
  });
});
