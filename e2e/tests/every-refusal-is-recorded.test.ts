import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { type Answer, http, type KeyFile, proof, seal } from "../harness/agent.js";
import { attest } from "../harness/attest.js";
import { type Environment, type ServiceName, startEnvironment, until } from "../harness/environment.js";
import { digest, freshId, payloadOf } from "../harness/json.js";
import type { LedgerRecord } from "../harness/ledger.js";
import { giveOrder, giveOrderByTwo, signOrder } from "../harness/orders.js";
import { createPerson } from "../harness/people.js";
import { attestation, CHECKOUT, certify, hotfix, OPERATION } from "../harness/scene.js";
import { type Case, shellCases } from "../harness/shell-refusals.js";

/** Records per second for refusals of what proved nothing. */
const BUDGET_PER_SECOND = 20;

let world: Environment;
let stranger: KeyFile;
/** A certificate that was executed. */
let used: string;
beforeAll(async () => {
  world = await startEnvironment();
  stranger = { ...(await createPerson("mallory", { groups: [] })).key, role: "agent" };
  used = await certify(world, { action: "scale", parameters: {}, evidence: [await runningImage()] });
  await world.agent.execute(used, { action: "scale", resource: CHECKOUT, parameters: { replicas: 7 } });
});
afterAll(() => world?.cleanup());

async function runningImage() {
  const [, running = ""] = world.gitops.image("checkout", "us-east-1").split("@");
  return attest(world, { digest: running });
}
const url = (service: ServiceName, path: string) => `${world.urls[service]}${path}`;
const now = () => Math.floor(Date.now() / 1000);

const of = (record: LedgerRecord, { body }: Answer) =>
  record.body.code === body.code &&
  (record.body.request_id === body.request_id || record.body.request === body.request_id);

/** The refusal's own record: an authentic object, or a known agent, was refused. */
function expectOwnRecord(service: ServiceName, answer: Answer): void {
  const found = world.ledger.of(service).filter((record) => of(record, answer));
  expect(found.map(({ kind }) => kind)).toEqual([expect.stringMatching(/^(refusal|denied|verification)$/)]);
}

/** Its own record while the budget lasts, otherwise one more in the signed counts of its second. */
async function expectRecordOrCount(service: ServiceName, answer: Answer, from: number): Promise<void> {
  const code = String(answer.body.code);
  await until(
    `${service} has ${code} in its records`,
    () => {
      const records = world.ledger.of(service).slice(from);
      return records.some((record) => of(record, answer)) || countsOf(records, code) > 0;
    },
    4000,
  );
}
const countsOf = (records: readonly LedgerRecord[], code: string) =>
  records
    .filter(({ kind }) => kind === "refusal-counts")
    .reduce((sum, { body }) => sum + ((body.counts as Record<string, number>)[code] ?? 0), 0);

function check(service: ServiceName, authentic: boolean) {
  return async (code: string, provoke: () => Promise<Answer>) => {
    const from = world.ledger.of(service).length;
    const head = world.gitops.head();
    const answer = await provoke();
    expect(answer.body.code).toBe(code);
    if (authentic) expectOwnRecord(service, answer);
    else await expectRecordOrCount(service, answer, from);
    expect(world.gitops.head()).toBe(head);
  };
}

describe("the signer records what it refuses", () => {
  const asked = () => url("signer", "/v1/certificates");
  const ask = async (body: unknown, dpop: string | undefined, key: string = randomUUID()) =>
    http(asked(), { body, headers: { "idempotency-key": key, ...(dpop === undefined ? {} : { dpop }) } });
  const op = (body: unknown) => digest("seb-op-v1", body);
  const observed = async (what = {}) => {
    const answer = await world.agent.observe({ action: "deploy", service: "checkout", region: "us-east-1", ...what });
    return String(answer.body.observation);
  };
  const proposal = async (changes = {}) => ({ ...hotfix(world), observation: await observed(), ...changes });
  /** Asks with a proof that is wrong in one thing. */
  const askProved = async (changes: Partial<Parameters<typeof proof>[1]>, key = world.agent.key) => {
    const body = await proposal();
    return ask(body, await proof(key, { url: asked(), op: op(body), ...changes }));
  };
  const askFor = async (changes: Record<string, unknown>) =>
    world.agent.request(hotfix(world, changes), {
      observation: await observed(),
    });

  const strangers: readonly Case[] = [
    ["proof_missing", async () => ask(await proposal(), undefined)],
    ["proof_malformed", async () => ask(await proposal(), "proof")],
    ["proof_url_mismatch", () => askProved({ url: url("broker", "/v1/certificates") })],
    ["proof_method_mismatch", () => askProved({ method: "GET" })],
    ["proof_operation_mismatch", () => askProved({ op: op({}) })],
    ["proof_expired", () => askProved({ claims: { iat: now() - 100 } })],
    ["agent_unknown", () => askProved({}, stranger)],
    ["proof_replayed", replayed],
    ["action_unknown", () => http(url("signer", "/v1/actions/drop"))],
    ["request_unknown", () => world.agent.get(url("signer", `/v1/requests/p_${"a".repeat(26)}`))],
    [
      "request_unknown",
      () => http(url("signer", `/v1/requests/p_${"a".repeat(26)}/approvals`), { body: { approval: used } }),
    ],
  ];
  async function replayed() {
    const body = await proposal();
    const dpop = await proof(world.agent.key, { url: asked(), op: op(body) });
    await ask(body, dpop);
    return ask(body, dpop);
  }
  async function twoBodies() {
    const idempotencyKey = randomUUID();
    await world.agent.request(hotfix(world), { idempotencyKey });
    return world.agent.request(hotfix(world, { bounds: { max_replicas: 9 } }), { idempotencyKey });
  }
  async function revoked() {
    const target = { kind: "subject", value: "agent:oncall-v3" };
    await giveOrder(world, { do: "revoke", target });
    const answer = await world.agent.request(hotfix(world));
    await giveOrderByTwo(world, { do: "lift", target });
    return answer;
  }
  const known: readonly Case[] = [
    ["idempotency_key_missing", async () => world.agent.post(asked(), await proposal())],
    ["idempotency_conflict", twoBodies],
    ["agent_not_allowed", () => askFor({ action: "drop" })],
    ["service_unknown", () => askFor({ service: "payments" })],
    ["parameters_invalid", () => askFor({ parameters: { image_digest: "latest" } })],
    ["bounds_invalid", () => askFor({ bounds: { max_replicas: 51 } })],
    ["observation_invalid", () => world.agent.request(hotfix(world), { observation: used })],
    [
      "observation_mismatch",
      async () => world.agent.request(hotfix(world), { observation: await observed({ region: "eu-west-1" }) }),
    ],
    ["policy_denied", () => askFor({ evidence: [] })],
    ["revoked_subject", revoked],
  ];

  it.each(strangers)("%s, of somebody unknown", check("signer", false));
  it.each(known)("%s, of a known agent: with a record of its own", check("signer", true));
  it.each(shellCases(() => world.urls.signer, "/v1/certificates"))(
    "%s, before anything was read",
    check("signer", false),
  );

  it("waiting for people is no refusal, and is recorded as what it is", async () => {
    const answer = await askFor({ bounds: { max_replicas: 30 } });
    expect(answer.body.code).toBe("approval_pending");
    expect(world.ledger.find("signer", "pending", { request: answer.body.request_id })).toHaveLength(1);
  });
});

describe("the broker records what it refuses", () => {
  const sealed = async (changes: Record<string, unknown>, key = world.key("signer-certificate")) => {
    const claims = payloadOf(await certify(world));
    return seal("seb-cert+jwt", { ...claims, jti: freshId("c_"), ...changes }, key);
  };
  const execute = async (certificate: string | Promise<string>, operation: unknown = OPERATION, more = {}) =>
    world.agent.execute(await certificate, operation, more);
  const executions = () => url("broker", "/v1/executions");

  const strangers: readonly Case[] = [
    ["token_missing", () => http(executions(), { body: OPERATION })],
    ["header_invalid", () => http(executions(), { body: OPERATION, headers: { authorization: "Bearer x" } })],
    ["token_malformed", () => execute("certificate")],
    ["token_too_large", () => execute(`${"a".repeat(7000)}.b.c`)],
    ["token_typ_not_allowed", async () => execute(String((await http(url("revocation", "/v1/status"))).body.status))],
    ["token_key_unknown", () => execute(sealed({}, stranger))],
    [
      "token_signature_invalid",
      async () => execute(`${(await certify(world)).split(".").slice(0, 2).join(".")}.${"A".repeat(86)}`),
    ],
    [
      "proof_missing",
      () =>
        http(url("broker", "/v1/observations"), {
          body: { action: "deploy", service: "checkout", region: "us-east-1" },
        }),
    ],
    [
      "agent_unknown",
      async () => {
        const body = { action: "deploy", service: "checkout", region: "us-east-1" };
        const at = url("broker", "/v1/observations");
        return http(at, { body, headers: { dpop: await proof(stranger, { url: at, op: digest("seb-op-v1", body) }) } });
      },
    ],
    ["execution_not_found", () => world.agent.get(url("broker", `/v1/executions/${freshId("c_")}`))],
    ["token_malformed", () => http(url("broker", "/v1/resolutions"), { body: { order: "x".repeat(20) } })],
    [
      "execution_not_found",
      async () => {
        const order = await signOrder(world, { do: "resolve", certificate: freshId("c_"), state: "executed" });
        return http(url("broker", "/v1/resolutions"), { body: { order } });
      },
    ],
  ];
  async function revoked() {
    const certificate = await certify(world);
    const target = { kind: "certificate", value: String(payloadOf(certificate).jti) };
    await giveOrder(world, { do: "revoke", target });
    return execute(certificate);
  }
  const authentic: readonly Case[] = [
    ["certificate_shadow", async () => execute(certify(world, { mode: "shadow" }))],
    ["audience_wrong", () => execute(sealed({ aud: "broker:prod" }))],
    ["expired", () => execute(sealed({ iat: now() - 200, nbf: now() - 200, exp: now() - 100 }))],
    ["not_yet_valid", () => execute(sealed({ nbf: now() + 30, exp: now() + 90 }))],
    ["lifetime_too_long", () => execute(sealed({ exp: now() + 3600 }))],
    [
      "proof_missing",
      async () => http(executions(), { body: OPERATION, headers: { authorization: `DPoP ${await certify(world)}` } }),
    ],
    ["proof_key_mismatch", async () => execute(certify(world), OPERATION, { proofKey: stranger })],
    ["already_used", () => execute(used)],
    ["action_mismatch", () => execute(certify(world), { ...OPERATION, action: "scale" })],
    ["resource_mismatch", () => execute(certify(world), { ...OPERATION, resource: "service:search/region:us-east-1" })],
    [
      "scope_exceeded",
      () => execute(certify(world), { ...OPERATION, parameters: { ...OPERATION.parameters, replicas: 40 } }),
    ],
    [
      "contract_mismatch",
      () => execute(sealed({ scope: { image_digest: OPERATION.parameters.image_digest, max_replicas: 13 } })),
    ],
    ["ceiling_exceeded", () => execute(sealed({ tier: 3 }))],
    ["bundle_unknown", () => execute(sealed({ bundle: `sha256:${"0".repeat(64)}` }))],
    ["epoch_stale", () => execute(sealed({ epochs: { global: 0, subject: 0 } }))],
    ["revoked_certificate", revoked],
  ];

  it.each(strangers)("%s, of nothing authentic", check("broker", false));
  it.each(authentic)("%s, of an authentic certificate: with a record of its own", check("broker", true));
  it.each(shellCases(() => world.urls.broker, "/v1/executions"))(
    "%s, before anything was read",
    check("broker", false),
  );

  it("state_drifted, of an authentic certificate: with a record of its own", async () => {
    const certificate = await certify(world);
    world.gitops.commit("apps/checkout/us-east-1/deployment.yaml", (text) => `${text}# changed\n`);
    await check("broker", true)("state_drifted", () => execute(certificate));
  });

  it("a verification that would refuse, and one of nothing authentic", async () => {
    const answer = await world.agent.verify(used, { operation: OPERATION });
    expect(answer.body).toMatchObject({ verdict: "would_refuse", code: "already_used" });
    expect(
      world.ledger.find("broker", "verification", { cert_id: answer.body.cert_id, code: "already_used" }),
    ).toHaveLength(1);
    const from = world.ledger.of("broker").length;
    const forged = await world.agent.verify(await sealed({}, stranger), { operation: OPERATION });
    expect(forged.body).toMatchObject({ verdict: "would_refuse", code: "token_key_unknown", cert_id: null });
    await until("it is recorded or counted", () => {
      const records = world.ledger.of("broker").slice(from);
      return (
        countsOf(records, "token_key_unknown") > 0 || records.some(({ body }) => body.code === "token_key_unknown")
      );
    });
  });
});

describe("the revocation service records what it refuses", () => {
  const give = (order: string) => http(url("revocation", "/v1/orders"), { body: { order } });
  const revoke = { do: "revoke", target: { kind: "certificate", value: freshId("c_") } };
  const lift = { do: "lift", target: { kind: "action", value: "scale" } };
  const byStranger = async () => seal("seb-order+jws", payloadOf(await signOrder(world, revoke)), stranger);
  async function replayed() {
    const order = await signOrder(world, revoke);
    await give(order);
    return give(order);
  }
  async function sameOperator() {
    await giveOrder(world, { do: "revoke", target: lift.target });
    await giveOrder(world, lift);
    const answer = await giveOrder(world, lift);
    await giveOrder(world, lift, "bob");
    return answer;
  }
  const strangers: readonly Case[] = [
    ["token_malformed", () => give("x".repeat(20))],
    ["token_typ_not_allowed", () => give(used)],
    ["token_key_unknown", async () => give(await byStranger())],
    ["expired", async () => give(await signOrder(world, revoke, "alice", { iat: now() - 400, exp: now() - 100 }))],
    ["audience_wrong", async () => give(await signOrder(world, revoke, "alice", { aud: "env:prod" }))],
  ];
  const authentic: readonly Case[] = [
    ["order_invalid", () => giveOrder(world, { do: "resolve", certificate: freshId("c_"), state: "executed" })],
    ["order_replayed", replayed],
    ["order_target_unknown", () => giveOrder(world, { do: "lift", target: { kind: "action", value: "drop" } })],
    ["bundle_unknown", () => giveOrder(world, { do: "activate", bundle: `sha256:${"0".repeat(64)}`, wire: 1 })],
    ["order_same_operator", sameOperator],
  ];
  it.each(strangers)("%s, of nobody's order", check("revocation", false));
  it.each(authentic)("%s, of an operator: with a record of its own", check("revocation", true));
  it.each(shellCases(() => world.urls.revocation, "/v1/orders"))(
    "%s, before anything was read",
    check("revocation", false),
  );
});

describe("a flood of garbage", () => {
  const FLOOD_MS = 3000;
  const SENDERS = 24;

  /** Sends as fast as it can; answers how often each code came back. */
  async function flood(request: () => Promise<Answer>, whileFlooding: () => Promise<void>) {
    const counts = new Map<string, number>();
    const end = performance.now() + FLOOD_MS;
    const senders = Array.from({ length: SENDERS }, async () => {
      while (performance.now() < end) {
        const code = String((await request()).body.code);
        counts.set(code, (counts.get(code) ?? 0) + 1);
      }
    });
    await Promise.all([...senders, whileFlooding()]);
    return counts;
  }

  it.each([
    [
      "broker",
      "token_malformed",
      () =>
        http(url("broker", "/v1/executions"), {
          body: OPERATION,
          headers: { authorization: `DPoP ${randomUUID()}` },
        }),
    ],
    [
      "signer",
      "proof_malformed",
      async () =>
        http(url("signer", "/v1/certificates"), {
          body: { ...hotfix(world, { evidence: [] }), observation: "a".repeat(40) },
          headers: { dpop: randomUUID() },
        }),
    ],
    ["revocation", "token_malformed", () => http(url("revocation", "/v1/orders"), { body: { order: randomUUID() } })],
  ] as const)(
    "at the %s is counted to the last one, fills no log and stops no production",
    async (service, code, request) => {
      const from = world.ledger.of(service).length;
      const began = performance.now();
      let refusedMeanwhile: Answer | undefined;
      const counts = await flood(request, async () => {
        for (let n = 1; n <= 3; n++) {
          const certificate = await certify(world, { evidence: [attestation(world)], bounds: { max_replicas: 7 + n } });
          const operation = { ...OPERATION, parameters: { ...OPERATION.parameters, replicas: 7 + n } };
          expect((await world.agent.execute(certificate, operation)).body.state).toBe("executed");
        }
        refusedMeanwhile =
          service === "signer"
            ? await world.agent.request(hotfix(world, { evidence: [] }))
            : await world.agent.execute(used, OPERATION);
      });
      const sent = counts.get(code) ?? 0;
      expect([...counts.keys()]).toEqual([code]);
      expect(sent).toBeGreaterThan(5 * BUDGET_PER_SECOND);

      let garbage: LedgerRecord[] = [];
      await until(
        "every single one is in a record or a signed count",
        () => {
          const records = world.ledger.of(service).slice(from);
          garbage = records.filter(({ kind, body }) => kind === "refusal" && body.code === code);
          return garbage.length + countsOf(records, code) === sent;
        },
        5000,
      );
      const seconds = Math.ceil((performance.now() - began) / 1000) + 1;
      expect(garbage.length).toBeLessThanOrEqual(BUDGET_PER_SECOND * seconds);
      const counting = world.ledger
        .of(service)
        .slice(from)
        .filter(({ kind }) => kind === "refusal-counts");
      expect(counting.length).toBeLessThanOrEqual(seconds);
      if (refusedMeanwhile) expectOwnRecord(service === "signer" ? "signer" : "broker", refusedMeanwhile);
    },
  );

  it("leaves chains that verify", async () => {
    const done = await world.run("seb", ["audit", "verify", "--running", "--json"]);
    expect(JSON.parse(done.stdout)).toMatchObject({ ok: true });
  });
});
