import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { calculateJwkThumbprint } from "jose";
import { type Answer, http, type KeyFile, proof, publicPart } from "../harness/agent.js";
import { type Environment, startEnvironment } from "../harness/environment.js";
import { payloadOf } from "../harness/json.js";
import { giveOrder, giveOrderByTwo } from "../harness/orders.js";
import { certify, hotfix, OPERATION, verdict } from "../harness/scene.js";

let world: Environment;
/** A certificate that was executed, one that was not, and a request that waits for people. */
let executed: string;
let unused: string;
let waiting: string;

beforeAll(async () => {
  world = await startEnvironment();
  executed = await certify(world);
  expect((await world.agent.execute(executed, OPERATION)).body).toMatchObject({ state: "executed" });
  unused = await certify(world, { bounds: { max_replicas: 7 } });
  const asked = await world.agent.request(hotfix(world, { bounds: { max_replicas: 30 } }));
  expect(verdict(asked)).toMatchObject({ status: 202, code: "approval_pending" });
  waiting = String(asked.body.request_id);
});
afterAll(() => world?.cleanup());

const carol = () => world.key("person-carol");
const kidOf = (key: KeyFile) => calculateJwkThumbprint(publicPart(key.jwk));

async function get(service: "signer" | "broker", path: string, key: KeyFile, method = "GET"): Promise<Answer> {
  const url = world.urls[service] + path;
  return http(url, { method, headers: { dpop: await proof(key, { url, method }) } });
}
const agent = () => world.key("agent");

/** Every way to read something with an agent's proof. */
const READS: readonly [string, () => Promise<Answer>][] = [
  [
    "a target, by an observation",
    () => world.agent.observe({ action: "deploy", service: "checkout", region: "us-east-1" }),
  ],
  ["the list of executions", () => get("broker", "/v1/executions", agent())],
  ["one execution", () => get("broker", `/v1/executions/${payloadOf(executed).jti}`, agent())],
  ["the recorded state, by presenting the certificate again", () => world.agent.execute(executed, OPERATION)],
  ["a waiting request", () => get("signer", `/v1/requests/${waiting}`, agent())],
  ["the actions, with a proof", () => get("signer", "/v1/actions", agent())],
  ["one action, with a proof", () => get("signer", "/v1/actions/deploy", agent())],
];

async function readAll(): Promise<Record<string, unknown>> {
  const found: Record<string, unknown> = {};
  for (const [name, read] of READS) {
    const answer = await read();
    found[name] = answer.status === 200 ? "read" : `${answer.status} ${answer.body.code}`;
  }
  return found;
}
const all = (outcome: string) => Object.fromEntries(READS.map(([name]) => [name, outcome]));

const KINDS: readonly [string, () => Promise<string> | string][] = [
  ["subject", () => "agent:oncall-v3"],
  ["key", () => kidOf(agent())],
  ["everything", () => "*"],
  ["bundle", () => String(payloadOf(executed).bundle)],
];

describe("a revoked agent reads nothing", () => {
  it("though it read everything before", async () => {
    expect(await readAll()).toEqual(all("read"));
  });

  it.each(KINDS)("when its %s is revoked, and reads again when that is lifted", async (kind, value) => {
    const target = { kind, value: await value() };
    expect((await giveOrder(world, { do: "revoke", target })).status).toBe(200);
    expect(await readAll()).toEqual(all(`403 revoked_${kind}`));
    // A HEAD request tells whether there is something, and so much is not told either.
    expect((await get("broker", "/v1/executions", agent(), "HEAD")).status).toBe(403);
    // Neither is a certificate to be had, nor a look at the target by way of a verification.
    expect((await world.agent.request(hotfix(world))).body.code).toBe(`revoked_${kind}`);
    const operation = { ...OPERATION, parameters: { ...OPERATION.parameters, replicas: 7 } };
    for (const [certificate, body] of [
      [unused, { operation }],
      [executed, { operation: OPERATION }],
    ] as const) {
      const verified = await world.agent.verify(certificate, body);
      expect(verified.body).toMatchObject({ verdict: "would_refuse", code: `revoked_${kind}` });
      expect(verified.body.not_checked).toContain("state");
    }
    expect((await giveOrderByTwo(world, { do: "lift", target })).status).toBe(200);
    expect(await readAll()).toEqual(all("read"));
  });

  it("and a revocation that names somebody or something else changes nothing for it", async () => {
    const targets = [
      { kind: "subject", value: "agent:night-bot" },
      { kind: "key", value: await kidOf(carol()) },
      { kind: "resource", value: "service:*/region:*" },
      { kind: "action", value: "deploy" },
    ];
    for (const target of targets) expect((await giveOrder(world, { do: "revoke", target })).status).toBe(200);
    expect(await readAll()).toEqual(all("read"));
    for (const target of targets) await giveOrderByTwo(world, { do: "lift", target });
  });

  it("nor does a revoked approver", async () => {
    const read = async () => {
      const answers = [
        await get("signer", `/v1/requests/${waiting}`, carol()),
        await get("signer", "/v1/actions", carol()),
        await get("signer", "/v1/actions/deploy", carol()),
      ];
      return answers.map(({ status, body }) => body.code ?? status);
    };
    expect(await read()).toEqual([200, 200, 200]);
    const target = { kind: "key", value: await kidOf(carol()) };
    await giveOrder(world, { do: "revoke", target });
    expect(await read()).toEqual(["revoked_key", "revoked_key", "revoked_key"]);
    await giveOrderByTwo(world, { do: "lift", target });
    expect(await read()).toEqual([200, 200, 200]);
  });

  it("while the list of actions stays open to anyone who shows no proof", async () => {
    const target = { kind: "subject", value: "agent:oncall-v3" };
    await giveOrder(world, { do: "revoke", target });
    expect((await http(`${world.urls.signer}/v1/actions`)).status).toBe(200);
    for (const path of ["/v1/executions", `/v1/executions/${payloadOf(executed).jti}`])
      expect(verdict(await http(world.urls.broker + path))).toMatchObject({ status: 401, code: "proof_missing" });
    await giveOrderByTwo(world, { do: "lift", target });
  });
});
