import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { type Answer, http, type KeyFile, proof, seal, sign } from "../harness/agent.js";
import { type Canary, startCanary } from "../harness/canary.js";
import { type Environment, startEnvironment, until } from "../harness/environment.js";
import { forge, newKey } from "../harness/forge.js";
import { HOSTILE_TOKENS, OTHER_SPELLINGS } from "../harness/hostile.js";
import { CLAIMS, CLOSED_WINDOWS, WRONG_CLAIMS } from "../harness/hostile-claims.js";
import { digest, freshId, payloadOf } from "../harness/json.js";
import { signOrder } from "../harness/orders.js";
import { rawBytes, rawRequest } from "../harness/raw-http.js";
import { certify, hotfix, OPERATION, verdict } from "../harness/scene.js";
import { otherEcdsaSignature } from "../harness/signatures.js";
import { readTrust, trustEntry, writeTrust } from "../harness/trust.js";

let world: Environment;
let canary: Canary;
let honest: string;
let signer: KeyFile;
let head: string;
/** The slowest refusal seen, in milliseconds. */
let slowestMs = 0;
const executions = () => `${world.urls.broker}/v1/executions`;

beforeAll(async () => {
  [world, canary] = await Promise.all([startEnvironment(), startCanary()]);
  signer = world.key("signer-certificate");
  honest = await certify(world);
  head = world.gitops.head();
});
afterAll(async () => {
  await canary?.close();
  await world?.cleanup();
});

async function timed(request: () => Promise<Answer>): Promise<Answer> {
  const began = performance.now();
  const answer = await request();
  slowestMs = Math.max(slowestMs, performance.now() - began);
  return answer;
}

/** Presents a token by a proof over exactly this token, to be executed and to be verified. */
async function present(token: string, body: unknown = OPERATION) {
  const executed = await timed(() => world.agent.execute(token, body));
  const verified = await timed(() => world.agent.verify(token, {}));
  expect(world.gitops.head()).toBe(head);
  return { executed: verdict(executed), verified: { ...verified.body, checked: undefined, not_checked: undefined } };
}
const refused = (code: string, step: string, status = 401) => ({ status, code, step });
const wouldRefuse = (code: string, step: string) => ({ verdict: "would_refuse", code, step });

describe("a forged certificate is refused", () => {
  it.each(HOSTILE_TOKENS)("%s", async (_name, make, code, step) => {
    const token = await make({ token: honest, key: signer, canary: canary.url });
    const { executed, verified } = await present(token);
    expect(executed).toEqual(refused(code, step));
    expect(verified).toMatchObject(wouldRefuse(code, step));
  });

  it("another token's signature", async () => {
    const [header, payload] = honest.split(".");
    const [, , signature] = (await certify(world)).split(".");
    const { executed } = await present(`${header}.${payload}.${signature}`);
    expect(executed).toEqual(refused("token_signature_invalid", "signature"));
  });

  it.each([
    ["15 KB of dots", ".".repeat(15_000), "token_too_large"],
    ["7 KB of one letter", "A".repeat(7000), "token_too_large"],
    ["7 KB that begins honestly", "", "token_too_large"],
  ])("%s", async (_name, text, code) => {
    const { executed } = await present(text === "" ? honest + "A".repeat(7000) : text);
    expect(executed).toEqual(refused(code, "token"));
  });

  it("two megabytes of key id, and eight megabytes of token: both are cut off, the second by its announcement", async () => {
    const token = await sign({ typ: "seb-cert+jwt", kid: "k".repeat(2_000_000) }, payloadOf(honest), signer.jwk);
    const bytes = `POST /v1/executions HTTP/1.1\r\nHost: a\r\nAuthorization: DPoP ${token}\r\n\r\n`;
    expect(await rawBytes(world.urls.broker, bytes)).toMatch(/^HTTP\/1\.1 431 .*"code":"http_headers_too_large"/s);
    const announced = `Host: a\r\nContent-Type: application/json\r\nContent-Length: 8000000\r\n\r\n{"order":"`;
    const long = await rawBytes(world.urls.revocation, `POST /v1/orders HTTP/1.1\r\n${announced}`);
    expect(long).toMatch(/^HTTP\/1\.1 413 .*"code":"body_too_large"/s);
  });
});

describe("claims that no signer makes are refused, even under the signer's own key", () => {
  it.each(CLAIMS)("without %s", async (claim) => {
    const { executed, verified } = await present(await forge(world, honest, { [claim]: undefined }));
    expect(executed).toEqual(refused("token_claims_invalid", "claims"));
    expect(verified).toMatchObject(wouldRefuse("token_claims_invalid", "claims"));
  });

  it.each(WRONG_CLAIMS)("%s", async (_name, changes) => {
    const { executed } = await present(await forge(world, honest, changes));
    expect(executed).toEqual(refused("token_claims_invalid", "claims"));
  });

  it("__proto__ among the claims", async () => {
    const text = JSON.stringify(payloadOf(honest)).replace("{", '{"__proto__":{"admin":true},');
    const { executed } = await present(await seal("seb-cert+jwt", text, signer));
    expect(executed.status).toBe(401);
    expect(["token_malformed", "token_claims_invalid"]).toContain(executed.code);
  });

  it.each(CLOSED_WINDOWS)("%s", async (_name, times, code) => {
    const { executed, verified } = await present(await forge(world, honest, times(Math.floor(Date.now() / 1000))));
    expect(executed).toEqual(refused(code, "window"));
    expect(verified).toMatchObject(wouldRefuse(code, "window"));
  });
});

describe("another kind of token is no certificate", () => {
  it("an observation, a status, an order, a record of each service, a proof", async () => {
    const observed = await world.agent.observe({ action: "deploy", service: "checkout", region: "us-east-1" });
    const status = await http(`${world.urls.revocation}/v1/status`);
    const order = await signOrder(world, { do: "epoch", target: { kind: "global", value: "*" } });
    const records = (["signer", "broker", "revocation"] as const).map(
      (service) => readFileSync(world.ledger.path(service), "utf8").split("\n")[0] ?? "",
    );
    for (const token of [String(observed.body.observation), String(status.body.status), order, ...records]) {
      const { executed, verified } = await present(token);
      expect(executed).toEqual(refused("token_typ_not_allowed", "token"));
      expect(verified).toMatchObject(wouldRefuse("token_typ_not_allowed", "token"));
    }
    const { executed } = await present(await proof(world.key("agent"), { url: executions() }));
    expect(executed).toEqual(refused("token_header_invalid", "token"));
  });
});

describe("another environment's certificate is refused", () => {
  let prod: KeyFile;
  let es256: KeyFile;
  let former: KeyFile;
  let later: KeyFile;
  beforeAll(async () => {
    prod = await newKey("certificate", "signer:prod");
    es256 = await newKey("certificate", "signer:dev", "ES256");
    former = await newKey("certificate", "signer:dev");
    later = await newKey("certificate", "signer:dev");
    const trust = readTrust(world);
    const now = Math.floor(Date.now() / 1000);
    const keys = [
      await trustEntry(prod, "broker:prod"),
      await trustEntry(es256, "broker:dev"),
      await trustEntry(former, "broker:dev", { nbf: now - 100, exp: now - 1 }),
      await trustEntry(later, "broker:dev", { nbf: now + 3600 }),
    ];
    await writeTrust(world, { ...trust, version: trust.version + 1, keys: [...trust.keys, ...keys] });
    const probe = await forge(world, honest, { aud: "broker:prod", iss: "signer:prod" }, prod);
    await until("the broker follows the trust file", async () => {
      return (await world.agent.execute(probe, OPERATION)).body.code !== "token_key_unknown";
    });
    honest = await certify(world);
  });

  it("by a signer that nobody here trusts", async () => {
    const other = await startEnvironment();
    try {
      const { executed, verified } = await present(await certify(other));
      expect(executed).toEqual(refused("token_key_unknown", "signature"));
      expect(verified).toMatchObject(wouldRefuse("token_key_unknown", "signature"));
    } finally {
      await other.cleanup();
    }
  });

  it("by a trusted signer of another environment, for that one", async () => {
    const token = await forge(world, honest, { aud: "broker:prod", iss: "signer:prod" }, prod);
    const { executed, verified } = await present(token);
    expect(executed).toEqual(refused("audience_wrong", "audience"));
    expect(verified).toMatchObject(wouldRefuse("audience_wrong", "audience"));
  });

  it("by a trusted signer of another environment, for this one", async () => {
    const { executed } = await present(await forge(world, honest, { iss: "signer:prod" }, prod));
    expect(executed).toEqual(refused("audience_wrong", "claims"));
  });

  it("by a trusted signer of another environment, in this one's name", async () => {
    const { executed } = await present(await forge(world, honest, { aud: "broker:prod" }, prod));
    expect(executed).toEqual(refused("issuer_wrong", "claims"));
  });

  it("by this environment's signer, for another environment", async () => {
    const { executed } = await present(await forge(world, honest, { aud: "broker:prod" }));
    expect(executed).toEqual(refused("audience_wrong", "claims"));
  });

  it.each([
    ["no longer", () => former],
    ["not yet", () => later],
  ])("by a key that is %s valid", async (_name, key) => {
    const { executed } = await present(await forge(world, honest, {}, key()));
    expect(executed).toEqual(refused("token_key_expired", "signature"));
  });

  it("with an ECDSA signature of zeros under a key of that algorithm", async () => {
    const [header, payload] = (await forge(world, honest, {}, es256)).split(".");
    const { executed } = await present(`${header}.${payload}.${"A".repeat(86)}`);
    expect(executed).toEqual(refused("token_signature_invalid", "signature"));
  });

  it("with the label of the other algorithm under that key", async () => {
    const [header, payload, signature] = (await forge(world, honest, {}, es256)).split(".");
    const { kid } = JSON.parse(Buffer.from(String(header), "base64url").toString("utf8"));
    const relabelled = Buffer.from(JSON.stringify({ alg: "Ed25519", typ: "seb-cert+jwt", kid })).toString("base64url");
    const { executed } = await present(`${relabelled}.${payload}.${signature}`);
    expect(executed).toEqual(refused("token_alg_not_allowed", "signature"));
  });

  it("but an honest one by that key works once, also with the other signature that ECDSA allows", async () => {
    const token = await forge(world, await certify(world), {}, es256);
    const first = await world.agent.execute(token, OPERATION);
    expect(first.body).toMatchObject({ state: "executed", replayed: false });
    head = world.gitops.head();
    const again = await world.agent.execute(otherEcdsaSignature(token), OPERATION);
    expect(again.body).toMatchObject({ state: "executed", replayed: true, result: first.body.result });
    const smaller = { ...OPERATION, parameters: { ...OPERATION.parameters, replicas: 2 } };
    const other = await world.agent.execute(otherEcdsaSignature(token), smaller);
    expect(verdict(other)).toEqual({ status: 409, code: "already_used", step: "replay" });
    expect(world.gitops.head()).toBe(head);
  });
});

describe("another spelling of a used certificate is refused", () => {
  let used: string;
  const smaller = { ...OPERATION, parameters: { ...OPERATION.parameters, replicas: 5 } };
  beforeAll(async () => {
    used = await certify(world);
    expect((await world.agent.execute(used, OPERATION)).body).toMatchObject({ state: "executed" });
    head = world.gitops.head();
  });

  it.each(OTHER_SPELLINGS)("%s", async (_name, make, code, step) => {
    const token = await make({ token: used, key: signer, canary: canary.url });
    const { executed } = await present(token, smaller);
    expect(executed).toEqual(refused(code, step));
  });

  it("the same claims, signed again", async () => {
    const { executed } = await present(await seal("seb-cert+jwt", payloadOf(used), signer), smaller);
    expect(executed).toEqual({ status: 409, code: "already_used", step: "replay" });
    const spaced = JSON.stringify(payloadOf(used), null, 1);
    const { executed: second } = await present(await seal("seb-cert+jwt", spaced, signer), smaller);
    expect(second).toEqual({ status: 409, code: "already_used", step: "replay" });
  });

  it.each([
    ["a blank inside", (token: string) => `DPoP ${token.slice(0, 40)} ${token.slice(40)}`],
    ["a comma and a second one", (token: string) => `DPoP ${token}, DPoP ${token}`],
    ["no scheme", (token: string) => token],
  ])("with %s", async (_name, header) => {
    const dpop = await proof(world.key("agent"), {
      url: executions(),
      op: digest("seb-op-v1", smaller),
      certificate: used,
    });
    const answer = await http(executions(), { body: smaller, headers: { authorization: header(used), dpop } });
    expect(verdict(answer)).toMatchObject({ status: 400, code: "header_invalid" });
    expect(world.gitops.head()).toBe(head);
  });

  it.each([
    ["two blanks before it", (token: string) => `DPoP  ${token}`],
    ["a scheme in small letters", (token: string) => `dpop ${token}`],
  ])("with %s, which RFC 9110 section 11 lets stand, is the same certificate, and used", async (_name, header) => {
    const dpop = await proof(world.key("agent"), {
      url: executions(),
      op: digest("seb-op-v1", smaller),
      certificate: used,
    });
    const answer = await http(executions(), { body: smaller, headers: { authorization: header(used), dpop } });
    expect(verdict(answer)).toMatchObject({ status: 409, code: "already_used" });
  });

  it("given twice", async () => {
    const headers = [
      ["Content-Type", "application/json"],
      ["Authorization", `DPoP ${used}`],
      ["Authorization", `DPoP ${honest}`],
    ] as const;
    expect(verdict(await rawRequest(executions(), headers, JSON.stringify(smaller)))).toEqual({
      status: 400,
      code: "header_invalid",
    });
  });

  it.each([
    ["a line break inside", "\r\n "],
    ["a bare line feed inside", "\n"],
    ["a zero byte inside", "\0"],
  ])("with %s", async (_name, gap) => {
    const bytes = `POST /v1/executions HTTP/1.1\r\nHost: a\r\nAuthorization: DPoP ${used.slice(0, 50)}${gap}${used.slice(50)}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`;
    const answer = await rawBytes(world.urls.broker, bytes);
    expect(answer).toMatch(/^HTTP\/1\.1 4\d\d .*"code":"(http_malformed|header_invalid|token_malformed)"/s);
    expect(answer).not.toContain(used.slice(50, 90));
    expect(world.gitops.head()).toBe(head);
  });
});

describe("every other token goes through the same gate", () => {
  /** What bodies take as a token at all. */
  const COMPACT = /^[A-Za-z0-9_.-]{16,16384}$/;

  it.each(HOSTILE_TOKENS)("as an observation: %s", async (_name, make, code) => {
    const observed = await world.agent.observe({ action: "deploy", service: "checkout", region: "us-east-1" });
    const key = world.key("broker-observation");
    const observation = await make({ token: String(observed.body.observation), key, canary: canary.url });
    const answer = await timed(() => world.agent.request(hotfix(world), { observation }));
    if (!COMPACT.test(observation)) return expect(verdict(answer)).toEqual({ status: 400, code: "request_invalid" });
    expect(verdict(answer)).toMatchObject({ status: 403, code: "observation_invalid" });
    expect(answer.body.facts).toMatchObject({ cause: code });
  });

  it.each(HOSTILE_TOKENS)("as an order: %s", async (_name, make, code) => {
    const token = await signOrder(world, { do: "revoke", target: { kind: "everything", value: "*" } });
    const order = await make({ token, key: world.key("operator-alice"), canary: canary.url });
    for (const url of [`${world.urls.revocation}/v1/orders`, `${world.urls.broker}/v1/resolutions`]) {
      const answer = await timed(() => http(url, { body: { order } }));
      if (!COMPACT.test(order)) expect(verdict(answer)).toEqual({ status: 400, code: "request_invalid" });
      else expect(verdict(answer)).toMatchObject({ status: 401, code });
    }
  });

  it.each([
    ["an hour old", { iat: -3700, exp: -3400 }, "expired"],
    ["of tomorrow", { iat: 86_400, exp: 86_700 }, "issued_in_future"],
    ["that lives for an hour", { iat: 0, exp: 3600 }, "lifetime_too_long"],
    ["that ends before it begins", { iat: 0, exp: -1 }, "token_claims_invalid"],
  ])("an order %s", async (_name, { iat, exp }, code) => {
    const now = Math.floor(Date.now() / 1000);
    const target = { kind: "everything", value: "*" };
    const order = await signOrder(world, { do: "revoke", target }, "alice", { iat: now + iat, exp: now + exp });
    const answer = await http(`${world.urls.revocation}/v1/orders`, { body: { order } });
    expect(verdict(answer)).toMatchObject({ status: 401, code });
  });

  it.each([
    ["for another environment", { aud: "env:prod" }, 401, "audience_wrong"],
    ["in another operator's name", { sub: "bob" }, 401, "issuer_wrong"],
    ["of another version", { ver: 2 }, 400, "order_invalid"],
    ["to do something else", { order: { do: "deploy" } }, 400, "order_invalid"],
    ["with a claim too many", { force: true }, 400, "order_invalid"],
  ])("an order %s", async (_name, changes, status, code) => {
    const order = await signOrder(
      world,
      { do: "revoke", target: { kind: "everything", value: "*" } },
      "alice",
      changes,
    );
    const answer = await http(`${world.urls.revocation}/v1/orders`, { body: { order } });
    expect(verdict(answer)).toMatchObject({ status, code });
  });

  it("an order that was given before", async () => {
    const order = await signOrder(world, { do: "epoch", target: { kind: "subject", value: "agent:nobody" } });
    const url = `${world.urls.revocation}/v1/orders`;
    expect((await http(url, { body: { order } })).status).toBe(200);
    expect(verdict(await http(url, { body: { order } }))).toMatchObject({ status: 409, code: "order_replayed" });
  });

  it.each(HOSTILE_TOKENS)("as an approval: %s", async (_name, make, code) => {
    const { request, token } = await approval();
    const approved = await make({ token, key: world.key("person-carol"), canary: canary.url });
    const url = `${world.urls.signer}/v1/requests/${request}/approvals`;
    const answer = await timed(() => http(url, { body: { approval: approved } }));
    if (!COMPACT.test(approved)) return expect(verdict(answer)).toEqual({ status: 400, code: "request_invalid" });
    expect(verdict(answer)).toMatchObject({ status: 403, code: "approval_invalid" });
    expect(answer.body.facts).toMatchObject({ cause: code });
  });

  /** A request that waits for people, and the approval that would fit it. */
  let waiting: { request: string; token: string } | undefined;
  async function approval(): Promise<{ request: string; token: string }> {
    if (waiting) return waiting;
    const asked = await world.agent.request(hotfix(world, { bounds: { max_replicas: 30 } }));
    expect(verdict(asked)).toMatchObject({ status: 202, code: "approval_pending" });
    const request = String(asked.body.request_id);
    const { body } = await world.agent.get(`${world.urls.signer}/v1/requests/${request}`);
    const iat = Math.floor(Date.now() / 1000);
    const { proposal, contract, tier, bundle } = body;
    const claims = { ver: 1, jti: freshId("a_"), aud: "env:dev", sub: "carol", iat, exp: iat + 600 };
    const said = { ...claims, request, proposal, contract, tier, bundle };
    waiting = { request, token: await seal("seb-approval+jws", said, world.key("person-carol")) };
    return waiting;
  }
});

describe("after all of that", () => {
  it("an address given as evidence is written down, not called", async () => {
    const reference = { type: "reference", name: "pr", value: `${canary.url}/pulls/7` };
    const evidence = [...hotfix(world).evidence, reference];
    expect((await world.agent.request(hotfix(world, { evidence }))).status).toBe(201);
  });

  it("no address in any token was ever called", () => {
    expect(canary.heard()).toBe(0);
  });

  it("no token took longer than another: none led to work without bound", () => {
    expect(slowestMs).toBeLessThan(2000);
  });

  it("no order took effect, and the environment still does honest work", async () => {
    const view = await http(`${world.urls.revocation}/v1/revocations`);
    expect(view.body.standing).toEqual([]);
    const answer = await world.agent.execute(await certify(world), OPERATION);
    expect(answer.body).toMatchObject({ state: "executed", replayed: false });
  });
});
