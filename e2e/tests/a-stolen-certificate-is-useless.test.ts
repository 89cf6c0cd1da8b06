import { createHmac, randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { http, type KeyFile, type ProofOptions, proof, publicPart } from "../harness/agent.js";
import { type Canary, startCanary } from "../harness/canary.js";
import { type Environment, startEnvironment } from "../harness/environment.js";
import { forge, newKey } from "../harness/forge.js";
import { digest, payloadOf } from "../harness/json.js";
import { rawRequest } from "../harness/raw-http.js";
import { certify, hotfix, OPERATION, verdict } from "../harness/scene.js";

let world: Environment;
let canary: Canary;
/** The stolen certificate: in its window, unspent, for exactly this operation. */
let certificate: string;
let thief: KeyFile;
let head: string;
const executions = () => `${world.urls.broker}/v1/executions`;
const OP = digest("seb-op-v1", OPERATION);
const SMALLER = { ...OPERATION, parameters: { ...OPERATION.parameters, replicas: 1 } };

beforeAll(async () => {
  [world, canary] = await Promise.all([startEnvironment(), startCanary()]);
  thief = await newKey("agent", "agent:oncall-v3");
  certificate = await certify(world);
  head = world.gitops.head();
});
afterAll(async () => {
  await canary?.close();
  await world?.cleanup();
});

/** A proof that is right in everything but the changes. */
const made = (changes: Partial<ProofOptions>, key = world.key("agent")) =>
  proof(key, { url: executions(), op: OP, certificate, ...changes });
const seconds = () => Math.floor(Date.now() / 1000);
/** The claims of a right proof, for proofs that are put together by hand. */
const claims = (token: Promise<string>) => token.then(payloadOf);

describe("a stolen certificate is useless", () => {
  const refused = (code: string, step = "possession") => ({ status: 401, code, step });

  it("with the thief's own key", async () => {
    const answer = await world.agent.execute(certificate, OPERATION, { proofKey: thief });
    expect(verdict(answer)).toEqual(refused("proof_key_mismatch"));
  });

  it("with any other key of the environment", async () => {
    for (const name of ["signer-certificate", "operator-alice", "broker-observation", "builder"]) {
      const answer = await world.agent.execute(certificate, OPERATION, { proofKey: world.key(name) });
      expect(verdict(answer)).toEqual(refused("proof_key_mismatch"));
    }
  });

  it("without a proof", async () => {
    const answer = await http(executions(), { body: OPERATION, headers: { authorization: `DPoP ${certificate}` } });
    expect(verdict(answer)).toEqual(refused("proof_missing"));
  });

  it("as a bearer token", async () => {
    const headers = { authorization: `Bearer ${certificate}`, dpop: await made({}) };
    const answer = await http(executions(), { body: OPERATION, headers });
    expect(answer.body.code).toBe("header_invalid");
  });

  it("bound anew to the thief's key: the signature no longer holds", async () => {
    const [header, , signature] = certificate.split(".");
    const jkt = "A".repeat(43);
    const payload = Buffer.from(JSON.stringify({ ...payloadOf(certificate), cnf: { jkt } })).toString("base64url");
    const answer = await world.agent.execute(`${header}.${payload}.${signature}`, OPERATION, { proofKey: thief });
    expect(verdict(answer)).toEqual(refused("token_signature_invalid", "signature"));
  });

  /** Proofs that the agent's key made, for something else. */
  const LENT: readonly [string, () => Promise<string>, string][] = [
    ["for another method", () => made({ method: "GET" }), "proof_method_mismatch"],
    ["for another path", () => made({ url: `${world.urls.broker}/v1/verifications` }), "proof_url_mismatch"],
    ["for the signer", () => made({ url: `${world.urls.signer}/v1/executions` }), "proof_url_mismatch"],
    ["for a server of the thief's", () => made({ url: `${canary.url}/v1/executions` }), "proof_url_mismatch"],
    ["for the address with a slash behind it", () => made({ url: `${executions()}/` }), "proof_url_mismatch"],
    ["for a body that asks for less", () => made({ op: digest("seb-op-v1", SMALLER) }), "proof_operation_mismatch"],
    ["for no body", () => made({ claims: { op: undefined } }), "proof_claims_invalid"],
    ["for another certificate", () => made({ certificate: `${certificate}A` }), "proof_token_mismatch"],
    ["for no certificate", () => made({ claims: { ath: undefined } }), "proof_claims_invalid"],
    ["61 seconds ago", () => made({ claims: { iat: seconds() - 62 } }), "proof_expired"],
    ["an hour ahead", () => made({ claims: { iat: seconds() + 3600 } }), "proof_expired"],
    ["at no time", () => made({ claims: { iat: undefined } }), "proof_claims_invalid"],
    ["at a time in words", () => made({ claims: { iat: "now" } }), "proof_claims_invalid"],
    ["without an id", () => made({ claims: { jti: undefined } }), "proof_claims_invalid"],
    ["with a claim too many", () => made({ claims: { nonce: "x" } }), "proof_claims_invalid"],
  ];
  it.each(LENT)("with a proof of the agent's made %s", async (_name, make, code) => {
    const answer = await world.agent.execute(certificate, OPERATION, { proof: await make() });
    expect(verdict(answer)).toEqual(refused(code));
  });

  const publicAgent = () => publicPart(world.key("agent").jwk);
  const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const parts = async (header: unknown) => `${encode(header)}.${encode(await claims(made({})))}`;
  /** Proofs that the agent's key never made. */
  const FORGED: readonly [string, () => Promise<string>, string][] = [
    [
      "names the agent's key, signed by the thief's",
      () => made({ header: { jwk: publicAgent() } }, thief),
      "proof_signature_invalid",
    ],
    [
      "has a signature of zeros",
      async () => `${await parts({ alg: "Ed25519", typ: "dpop+jwt", jwk: publicAgent() })}.${"A".repeat(86)}`,
      "proof_signature_invalid",
    ],
    [
      "has a short signature",
      async () => `${await parts({ alg: "Ed25519", typ: "dpop+jwt", jwk: publicAgent() })}.AAAA`,
      "proof_signature_invalid",
    ],
    [
      "has no signature",
      async () => `${await parts({ alg: "none", typ: "dpop+jwt", jwk: publicAgent() })}.`,
      "proof_malformed",
    ],
    [
      "says none",
      async () => `${await parts({ alg: "none", typ: "dpop+jwt", jwk: publicAgent() })}.AAAA`,
      "proof_malformed",
    ],
    [
      "is keyed with the public key",
      async () => {
        const input = await parts({ alg: "HS256", typ: "dpop+jwt", jwk: publicAgent() });
        const secret = Buffer.from(publicAgent().x ?? "", "base64url");
        return `${input}.${createHmac("sha256", secret).update(input).digest("base64url")}`;
      },
      "proof_malformed",
    ],
    ["has another type", () => made({ header: { typ: "JWT" } }), "proof_malformed"],
    ["names its key by address", () => made({ header: { jku: `${canary.url}/keys` } }), "proof_malformed"],
    ["brings a chain by address", () => made({ header: { x5u: `${canary.url}/chain` } }), "proof_malformed"],
    ["brings no key", () => made({ header: { jwk: undefined } }), "proof_malformed"],
    ["brings the private key", () => made({ header: { jwk: thief.jwk } }, thief), "proof_key_weak"],
    [
      "brings the point of order one, for which one signature fits every message",
      async () => {
        const jwk = { kty: "OKP", crv: "Ed25519", x: Buffer.from([1, ...Array(31).fill(0)]).toString("base64url") };
        const signature = Buffer.from([1, ...Array(63).fill(0)]).toString("base64url");
        return `${await parts({ alg: "Ed25519", typ: "dpop+jwt", jwk })}.${signature}`;
      },
      "proof_key_weak",
    ],
    ["is the certificate itself", async () => certificate, "proof_malformed"],
    ["is a word", async () => "proof", "proof_malformed"],
  ];
  it.each(FORGED)("with a proof that %s", async (_name, make, code) => {
    const answer = await world.agent.execute(certificate, OPERATION, { proof: await make() });
    expect(verdict(answer)).toEqual(refused(code));
  });

  it("with two proofs, one of them right", async () => {
    const two = [await made({}), await made({}, thief)];
    for (const proofs of [two, two.toReversed()]) {
      const answer = await rawRequest(
        executions(),
        [
          ["Content-Type", "application/json"],
          ["Authorization", `DPoP ${certificate}`],
          ...proofs.map((dpop) => ["DPoP", dpop] as const),
        ],
        JSON.stringify(OPERATION),
      );
      expect(verdict(answer)).toEqual({ status: 400, code: "header_invalid" });
    }
  });

  it("at an address that only forwarded headers know", async () => {
    const answer = await rawRequest(
      executions(),
      [
        ["Host", "broker.example"],
        ["X-Forwarded-Host", "broker.example"],
        ["X-Forwarded-Proto", "http"],
        ["Forwarded", "host=broker.example;proto=http"],
        ["Content-Type", "application/json"],
        ["Authorization", `DPoP ${certificate}`],
        ["DPoP", await made({ url: "http://broker.example/v1/executions" })],
      ],
      JSON.stringify(OPERATION),
    );
    expect(verdict(answer)).toEqual(refused("proof_url_mismatch"));
  });

  it("when asking the signer: a registered key is what counts, whatever else the thief knows", async () => {
    const url = `${world.urls.signer}/v1/certificates`;
    const observed = await world.agent.observe({ action: "deploy", service: "checkout", region: "us-east-1" });
    const body = { ...hotfix(world), observation: observed.body.observation };
    const dpop = await proof(thief, { url, op: digest("seb-op-v1", body) });
    const headers = { dpop, "idempotency-key": randomUUID() };
    expect(verdict(await http(url, { body, headers }))).toEqual({
      status: 403,
      code: "agent_unknown",
      step: "authenticate",
    });
    const observing = `${world.urls.broker}/v1/observations`;
    const asked = { action: "deploy", service: "checkout", region: "us-east-1" };
    const look = { dpop: await proof(thief, { url: observing, op: digest("seb-op-v1", asked) }) };
    expect(verdict(await http(observing, { body: asked, headers: look }))).toMatchObject({
      status: 403,
      code: "agent_unknown",
    });
  });

  it("to read what became of it", async () => {
    const url = `${executions()}/${payloadOf(certificate).jti}`;
    const answer = await http(url, { headers: { dpop: await proof(thief, { url, method: "GET" }) } });
    expect(verdict(answer)).toMatchObject({ status: 403, code: "agent_unknown" });
  });

  it("and changed nothing so far; each refusal of the authentic certificate is recorded, and nobody was called", () => {
    expect(world.gitops.head()).toBe(head);
    const recorded = world.ledger.find("broker", "refusal", { cert_id: payloadOf(certificate).jti });
    expect(recorded.length).toBeGreaterThanOrEqual(LENT.length + FORGED.length);
    expect(canary.heard()).toBe(0);
  });
});

describe("a captured request is useless", () => {
  const url = executions;
  let captured: { certificate: string; dpop: string };
  const replay = (body: unknown = OPERATION) =>
    http(url(), { body, headers: { authorization: `DPoP ${captured.certificate}`, dpop: captured.dpop } });

  it("because its proof works once, also where the first presentation was refused", async () => {
    // Refused after possession was proved: the proof is spent, the certificate is not.
    const elsewhere = { ...OPERATION, resource: "service:search/region:us-east-1" };
    const dpop = await made({ op: digest("seb-op-v1", elsewhere) });
    const first = await world.agent.execute(certificate, elsewhere, { proof: dpop });
    expect(verdict(first)).toMatchObject({ code: "resource_mismatch", step: "contract" });
    const again = await world.agent.execute(certificate, elsewhere, { proof: dpop });
    expect(verdict(again)).toEqual({ status: 401, code: "proof_replayed", step: "possession" });
  });

  it("after the agent's own presentation, which still works: no attempt spent the certificate", async () => {
    captured = { certificate, dpop: await made({}) };
    const own = await world.agent.execute(certificate, OPERATION, { proof: captured.dpop });
    expect(own.body).toMatchObject({ state: "executed", replayed: false });
    head = world.gitops.head();
    expect(verdict(await replay())).toEqual({ status: 401, code: "proof_replayed", step: "possession" });
  });

  it("with another body", async () => {
    expect(verdict(await replay(SMALLER))).toEqual({
      status: 401,
      code: "proof_operation_mismatch",
      step: "possession",
    });
    expect(world.gitops.head()).toBe(head);
  });

  it("with another certificate under the same proof id", async () => {
    const mine = await forge(world, certificate);
    const dpop = await proof(world.key("agent"), {
      url: url(),
      op: OP,
      certificate: mine,
      claims: { jti: payloadOf(captured.dpop).jti },
    });
    const answer = await world.agent.execute(mine, OPERATION, { proof: dpop });
    expect(verdict(answer)).toEqual({ status: 401, code: "proof_replayed", step: "possession" });
  });

  it("at the signer, which answers a captured question no second time", async () => {
    const asking = `${world.urls.signer}/v1/certificates`;
    const observed = await world.agent.observe({ action: "deploy", service: "checkout", region: "us-east-1" });
    const body = { ...hotfix(world, { bounds: { max_replicas: 4 } }), observation: observed.body.observation };
    const headers = {
      dpop: await proof(world.key("agent"), { url: asking, op: digest("seb-op-v1", body) }),
      "idempotency-key": randomUUID(),
    };
    expect((await http(asking, { body, headers })).status).toBe(201);
    const again = await http(asking, { body, headers });
    expect(verdict(again)).toEqual({ status: 401, code: "proof_replayed", step: "authenticate" });
  });

  it("after a restart, which forgets proofs but not certificates", async () => {
    await world.stop();
    await world.start();
    const answer = await replay();
    expect(answer.body).toMatchObject({ state: "executed", replayed: true });
    expect(world.gitops.head()).toBe(head);
  });
});
