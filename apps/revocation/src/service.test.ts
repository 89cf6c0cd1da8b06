import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { OrderAnswer, Problem, RevocationsAnswer, validate } from "@seb/schema";
import { verifyStatus } from "@seb/verify-core";
import { config, type Environment, environment, type Life, need, openLife, openStore } from "../testing/environment.js";
import { createService, type RevocationService } from "./service.js";

let env: Environment;
let store: Awaited<ReturnType<typeof openStore>>;
let life: Life;
let service: RevocationService;
let url: string;
beforeEach(async () => {
  env = await environment();
  store = await openStore(env);
  life = await openLife(env, store);
  service = await createService(config, life.ports);
  ({ url } = await service.start());
});
afterEach(async () => {
  await service.stop();
  await life.close();
  await store.close();
  await env.remove();
});

const post = (body: string, headers: Record<string, string> = { "content-type": "application/json" }) =>
  fetch(`${url}/v1/orders`, { method: "POST", body, headers });
const revokeAll = () => env.order("alice", { do: "revoke", target: { kind: "everything", value: "*" } });

async function problem(response: Response) {
  expect(response.headers.get("content-type")).toMatch(/^application\/problem\+json/);
  const body: Problem = need(validate(Problem, await response.json(), "answer_invalid"));
  expect(body.status).toBe(response.status);
  return body;
}

describe("the service over HTTP", () => {
  it("is ready, takes an order and lists what stands", async () => {
    expect((await fetch(`${url}/readyz`)).status).toBe(200);
    const response = await post(JSON.stringify({ order: await revokeAll() }));
    expect(response.status).toBe(200);
    const answer = need(validate(OrderAnswer, await response.json(), "answer_invalid"));
    const list = await (await fetch(`${url}/v1/revocations`)).json();
    const revocations: RevocationsAnswer = need(validate(RevocationsAnswer, list, "answer_invalid"));
    expect(revocations).toMatchObject({ seq: answer.seq, standing: [{ target: { kind: "everything" }, by: "alice" }] });
  });

  it("gives the last signed status", async () => {
    const { status }: { status: string } = JSON.parse(await (await fetch(`${url}/v1/status`)).text());
    const verified = need(await verifyStatus(status, env.trust, { audience: "env:test" }));
    expect(verified.claims).toMatchObject({ iss: "revocation:test", generation: 1 });
  });

  it("beats by itself", async () => {
    const seen: string[] = [];
    const stop = env.feed.subscribe((token) => seen.push(token));
    for (let i = 0; i < 100 && seen.length < 4; i++) await new Promise((resolve) => setTimeout(resolve, 20));
    stop();
    expect(new Set(seen).size).toBeGreaterThanOrEqual(4);
  });

  it("answers a first of two orders with 202 and a problem", async () => {
    const order = await env.order("alice", { do: "activate", bundle: env.one, wire: 1 });
    const response = await post(JSON.stringify({ order }));
    expect(await problem(response)).toMatchObject({ code: "order_pending", status: 202 });
  });

  it.each([
    ["a body that is no JSON", "{", "json_syntax", undefined],
    ["a missing field", "{}", "request_invalid", "/order"],
    ["a field too many", '{"order":"aaaaaaaaaaaaaaaaaaaa","more":1}', "request_invalid", "/more"],
    ["a wrong type", '{"order":7}', "request_invalid", "/order"],
    ["other characters", '{"order":"aaaaaaaaaaaaaaaa aaaa"}', "request_invalid", "/order"],
    ["no token", '{"order":"aaaaaaaaaaaaaaaaaaaa"}', "token_malformed", "/order"],
    ["a body too large", JSON.stringify({ order: "a".repeat(70_000) }), "body_too_large", undefined],
  ])("refuses %s", async (_, body, code, pointer) => {
    const found = await problem(await post(body));
    expect([found.code, found.pointer]).toEqual([code, pointer]);
  });

  it("refuses another kind of object, another key and a changed byte, with a pointer and without an echo", async () => {
    const order = await revokeAll();
    const { status }: { status: string } = JSON.parse(await (await fetch(`${url}/v1/status`)).text());
    const [head, payload, signature = ""] = order.split(".");
    const flipped = `${head}.${payload}.${signature.startsWith("A") ? "B" : "A"}${signature.slice(1)}`;
    const elsewhere = await environment();
    await elsewhere.remove();
    const stranger = await elsewhere.order("alice", {
      do: "epoch",
      target: { kind: "global", value: "*" },
    });
    for (const [token, code] of [
      [status, "token_typ_not_allowed"],
      [stranger, "token_key_unknown"],
      [flipped, "token_signature_invalid"],
    ] as const) {
      const response = await post(JSON.stringify({ order: token }));
      const text = await response.clone().text();
      const found = await problem(response);
      expect([found.code, found.pointer]).toEqual([code, "/order"]);
      expect(text).not.toContain(token.split(".")[1]);
    }
    expect(JSON.parse(await (await fetch(`${url}/v1/revocations`)).text()).standing).toEqual([]);
  });

  it("refuses other methods, paths, media types and queries", async () => {
    expect((await problem(await fetch(`${url}/v1/orders`))).code).toBe("method_not_allowed");
    expect((await problem(await fetch(`${url}/v1/none`))).code).toBe("not_found");
    expect((await problem(await post("{}", { "content-type": "text/plain" }))).code).toBe("unsupported_media_type");
    expect((await problem(await fetch(`${url}/v1/revocations?x=1`))).status).toBe(400);
  });

  it("starts again over the same journal and goes on where it was", async () => {
    await post(JSON.stringify({ order: await revokeAll() }));
    await service.stop();
    await life.close();
    life = await openLife(env, store);
    service = await createService(config, life.ports);
    ({ url } = await service.start());
    const body = JSON.parse(await (await fetch(`${url}/v1/revocations`)).text());
    expect(body).toMatchObject({ generation: 1, standing: [{ by: "alice" }] });
  });
});
