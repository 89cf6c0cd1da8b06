import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { ActionAnswer, ActionsAnswer, validate } from "@seb/schema";
import { decodeUnverified } from "@seb/verify-core";
import { Harness, newKey, value } from "../../testing/harness.js";

let signer: Harness;
beforeAll(async () => {
  signer = await Harness.start();
});
afterAll(() => signer.end());

const get = (path: string) => signer.send("GET", path, undefined);

describe("open reads", () => {
  it("GET /v1/actions lists the active bundle's actions", async () => {
    const { status, body } = await get("/v1/actions");
    expect(status).toBe(200);
    expect(value(validate(ActionsAnswer, body, "answer_invalid")).actions.map(({ name }) => name)).toEqual([
      "deploy",
      "scale",
    ]);
    expect(body.bundle).toBe(signer.world.bundle);
  });

  it("GET /v1/actions/{name} says enough to make flags from", async () => {
    const { body } = await get("/v1/actions/deploy");
    expect(validate(ActionAnswer, body, "answer_invalid").ok).toBe(true);
    expect(Object.keys(Object(Object(body.parameters).properties))).toEqual(["image_digest", "replicas"]);
    expect(await get("/v1/actions/erase")).toMatchObject({ status: 404, body: { code: "action_unknown" } });
    expect(await get("/v1/actions/constructor")).toMatchObject({ status: 404, body: { code: "action_unknown" } });
  });

  it("GET /.well-known/jwks.json shows the certificate key alone, with the alg that certificates name", async () => {
    const { body } = await get("/.well-known/jwks.json");
    const { kid, publicJwk } = signer.signingKey;
    expect(body).toEqual({ keys: [{ ...publicJwk, kid, alg: "Ed25519", use: "sig" }] });
    const { header } = value(decodeUnverified(String((await signer.ask()).body.certificate), "seb-cert+jwt"));
    expect(header).toMatchObject({ alg: "Ed25519", kid });
    expect(JSON.stringify(body)).not.toContain('"d"');
  });

  it("is ready while it could issue", async () => {
    expect((await get("/readyz")).status).toBe(200);
  });
});

describe("bad input", () => {
  it.each([
    ["a further field", { more: 1 }, "/more"],
    ["a wrong type", { action: 1 }, "/action"],
    ["a missing field", { observation: undefined }, "/observation"],
    [
      "a control character in a reference",
      { evidence: [{ type: "reference", name: "pr", value: "a\nb" }] },
      "/evidence/0/value",
    ],
  ])("is a problem with a code and a pointer: %s", async (_what, over, pointer) => {
    const body = { ...(await signer.bodyOf()), ...over };
    const dpop = await signer.prove("POST", "/v1/certificates", JSON.parse(JSON.stringify(body)));
    const answer = await signer.send("POST", "/v1/certificates", body, { dpop, "idempotency-key": newKey() });
    expect(answer).toMatchObject({ status: 400, body: { code: "request_invalid", pointer } });
    expect(answer.body.request_id).toMatch(/^r_[a-z2-7]{26}$/);
  });

  it("that names one reference twice is refused", async () => {
    const reference = { type: "reference" as const, name: "pr", value: "12" };
    const answer = await signer.ask({ request: { evidence: [reference, reference] } });
    expect(answer).toMatchObject({ status: 400, body: { code: "request_invalid", pointer: "/evidence" } });
  });

  it("echoes no token", async () => {
    const { body } = await signer.ask({ request: { observation: `${await signer.observe()}x` } });
    expect(JSON.stringify(body)).not.toMatch(/eyJ/);
    for await (const record of signer.chain.history())
      if (record.kind === "denied") expect(JSON.stringify(record.body)).not.toMatch(/eyJ/);
  });
});
