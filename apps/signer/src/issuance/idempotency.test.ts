import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { Harness, newKey } from "../../testing/harness.js";

let signer: Harness;
beforeAll(async () => {
  signer = await Harness.start();
});
afterAll(() => signer.end());

describe("Idempotency-Key", () => {
  it.each([null, "short", "x".repeat(129), "has spaces in it, many"])("is required in its form: %j", async (key) => {
    expect(await signer.ask({ key })).toMatchObject({ status: 400, body: { code: "idempotency_key_missing" } });
  });

  it("binds a denied request too: it may come again, another one may not take its key", async () => {
    const key = "a-denied-request-0001";
    const denied = await signer.ask({ key, request: { evidence: [] } });
    expect(denied.status).not.toBe(201);
    expect((await signer.ask({ key })).body.code).toBe("idempotency_conflict");
    expect((await signer.ask({ key, request: { evidence: [] } })).body.code).toBe(denied.body.code);
  });

  it("gives the same certificate for the same key and body", async () => {
    const [key, body] = [newKey(), await signer.bodyOf()];
    const first = await signer.ask({ key, body });
    const second = await signer.ask({ key, body });
    expect(first.body.replayed).toBe(false);
    expect(second).toEqual({ status: 201, body: { ...first.body, replayed: true } });
  });

  it("refuses another body under the same key, and leaves a record", async () => {
    const [key, body] = [newKey(), await signer.bodyOf()];
    await signer.ask({ key, body });
    const other = await signer.ask({ key, body: { ...body, bounds: { max_replicas: 11 } } });
    expect(other).toMatchObject({ status: 409, body: { code: "idempotency_conflict", step: "validate" } });
    expect((await signer.records("denied")).at(-1)).toMatchObject({ code: "idempotency_conflict" });
  });

  it("keeps the keys of two agents apart", async () => {
    const key = newKey();
    expect((await signer.ask({ key })).status).toBe(201);
    const request = {
      action: "scale",
      parameters: {},
      evidence: [signer.attest({ digest: `sha256:${"c".repeat(64)}` })],
    };
    const observed = { action: "scale", sub: "agent:night-bot" };
    expect((await signer.ask({ key, agent: "otherAgent", request, observed })).status).toBe(201);
  });

  it("makes one certificate of many concurrent requests", async () => {
    const [key, body] = [newKey(), await signer.bodyOf()];
    const before = (await signer.records("issued")).length;
    const answers = await Promise.all(Array.from({ length: 20 }, () => signer.ask({ key, body })));
    expect(new Set(answers.map(({ body: { certificate } }) => certificate)).size).toBe(1);
    expect(answers.filter(({ body: { replayed } }) => replayed === false)).toHaveLength(1);
    expect((await signer.records("issued")).length).toBe(before + 1);
  });

  it("gives the same certificate after a restart, while it lives", async () => {
    const [key, body] = [newKey(), await signer.bodyOf()];
    const first = await signer.ask({ key, body });
    await signer.restart();
    expect((await signer.ask({ key, body })).body).toEqual({ ...first.body, replayed: true });
    const other = await signer.ask({ key, body: { ...body, bounds: { max_replicas: 11 } } });
    expect(other.body.code).toBe("idempotency_conflict");
  });

  it("does not hand out a certificate again that could not be used any more", async () => {
    const [key, body] = [newKey(), await signer.bodyOf()];
    const { body: first } = await signer.ask({ key, body });
    await signer.change({ standing: [{ kind: "certificate", value: String(first.cert_id) }] });
    expect((await signer.ask({ key, body })).body.code).toBe("revoked_certificate");
    await signer.change({ standing: [], epochs: { global: 2, subject: {}, policy: {} } });
    expect((await signer.ask({ key, body })).body.code).toBe("epoch_stale");
  });

  it("says expired when the certificate of a repeated request has expired", async () => {
    const [key, body] = [newKey(), await signer.bodyOf()];
    await signer.ask({ key, body });
    signer.world.aheadMs += 100_000;
    await signer.beat();
    expect(await signer.ask({ key, body })).toMatchObject({ status: 401, body: { code: "expired", step: "validate" } });
  });
});
