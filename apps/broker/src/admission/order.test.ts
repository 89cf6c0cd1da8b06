import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { revocableOf } from "@seb/authority";
import { ADMISSION_STEPS, type AdmissionStep, type CertificateClaims, type ExecutionRequest } from "@seb/schema";
import { publicOf } from "@seb/seal";
import { type Answered, TestBroker } from "../../testing/broker.js";
import { certify, claimsOf, IMAGE, OPERATION } from "../../testing/certificate.js";
import { jws } from "../../testing/keys.js";
import { need } from "../../testing/need.js";
import { World } from "../../testing/world.js";

/** Digest of no operation of these tests. */
const OP = `sha256:${"0".repeat(64)}`;
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

const signed = (changes: Partial<CertificateClaims> = {}) => certify(world, changes).token;
const present = (changes: Partial<CertificateClaims>, body: ExecutionRequest = OPERATION) =>
  broker.execute(signed(changes), body);
const revoked = async (target: Parameters<World["change"]>[0], run: () => Promise<Answered>) => {
  await world.change(target);
  try {
    return await run();
  } finally {
    await world.change({ standing: [] });
  }
};
/** Runs while another broker has an execution open on the same resource. */
const whileBusy = async (run: () => Promise<Answered>) => {
  const { token, id } = certify(world);
  const claims = claimsOf(world, { jti: id });
  const entry = {
    cert_id: id,
    certificate: token,
    request: OPERATION,
    op: OP,
    broker: "broker-2",
    boot: 1,
    life_ms: 60_000,
  };
  const taken = need(
    await world.store.admission.take({
      ...revocableOf(claims, publicOf(world.keys.certificate).kid),
      ...{ pin: need(broker.status.pin()), exp: claims.exp, once: [], ceilings: [], entry },
    }),
  );
  try {
    return await run();
  } finally {
    const { action, resource, parameters } = OPERATION;
    const ended = {
      state: "not_executed",
      replayed: false,
      result: {},
      code: "not_executed",
      fence: taken.fence,
    } as const;
    const times = { decided_at_ms: 1, closed_at_ms: 1 };
    const answer = { cert_id: id, subject: claims.sub, action, resource, parameters, ...ended, ...times };
    need(await world.store.admission.close(id, taken.fence, { op: OP, answer }));
  }
};
const now = () => Math.floor(world.clock.nowMs() / 1000);
const contractWith = (change: Partial<CertificateClaims["contract"]>) => ({
  contract: { ...claimsOf(world).contract, ...change },
});

/** One thing wrong, everything else as it should be: the step and the code that must meet it. */
const WRONG: readonly [AdmissionStep, string, string, () => Promise<Answered>][] = [
  ["token", "token_malformed", "a word", () => broker.execute("word", OPERATION)],
  [
    "token",
    "token_typ_not_allowed",
    "a status",
    () => broker.execute(jws(world.keys.status, "seb-status+jws", claimsOf(world)), OPERATION),
  ],
  [
    "signature",
    "token_key_unknown",
    "another role's key",
    () => broker.execute(jws(world.keys.observation, "seb-cert+jwt", claimsOf(world)), OPERATION),
  ],
  [
    "signature",
    "token_signature_invalid",
    "another payload",
    () => {
      const [header, , signature] = signed().split(".");
      return broker.execute(`${header}.${signed().split(".")[1]}.${signature}`, OPERATION);
    },
  ],
  ["claims", "token_claims_invalid", "a claim too many", () => present({ extra: 1 } as Partial<CertificateClaims>)],
  ["claims", "issuer_wrong", "another issuer", () => present({ iss: "signer:other" })],
  ["claims", "certificate_shadow", "a shadow certificate", () => present({ mode: "shadow" })],
  ["claims", "audience_wrong", "another audience than the key's", () => present({ aud: "broker:prod" })],
  ["window", "expired", "a window that has closed", () => present({ iat: now() - 90, nbf: now() - 90, exp: now() })],
  ["window", "not_yet_valid", "a window to come", () => present({ nbf: now() + 30 })],
  ["window", "issued_in_future", "an issue to come", () => present({ iat: now() + 30, nbf: now() })],
  ["window", "lifetime_too_long", "a long life", () => present({ exp: now() + 121 })],
  [
    "possession",
    "proof_key_mismatch",
    "a stranger's proof",
    () => broker.execute(signed(), OPERATION, { key: "stranger" }),
  ],
  ["contract", "bundle_unknown", "an unknown bundle", () => present({ bundle: `sha256:${"0".repeat(64)}` })],
  ["contract", "agent_unknown", "another agent's name", () => present({ sub: "agent:night-bot" })],
  ["contract", "agent_not_allowed", "an action that is not the agent's", () => present({ action: "erase" })],
  ["contract", "contract_mismatch", "another contract", () => present(contractWith({ timeout_seconds: 31 }))],
  ["contract", "contract_mismatch", "a tier below the bundle's", () => present({ tier: 0 })],
  ["contract", "contract_mismatch", "a place that the bundle lacks", () => present({ resource: "service:x/region:y" })],
  ["contract", "action_mismatch", "another action", () => present({}, { ...OPERATION, action: "scale" })],
  [
    "contract",
    "resource_mismatch",
    "another resource",
    () => present({}, { ...OPERATION, resource: "service:checkout/region:eu-west-1" }),
  ],
  [
    "contract",
    "scope_exceeded",
    "more replicas",
    () => present({}, { ...OPERATION, parameters: { image_digest: IMAGE, replicas: 13 } }),
  ],
  ["ceilings", "ceiling_exceeded", "a tier above the ceiling", () => present({ tier: 3 })],
  [
    "policy",
    "revoked_policy",
    "a revoked policy",
    () => revoked({ standing: [{ kind: "policy", value: "auto-low-risk-v2" }] }, () => present({})),
  ],
  [
    "policy",
    "epoch_stale",
    "a raised policy epoch",
    () =>
      revoked({ epochs: { global: 1, subject: {}, policy: { "emergency-rollback": 4 } } }, () =>
        present({ policy: { id: "emergency-rollback", also: [], epoch: 3 } }),
      ),
  ],
  [
    "policy",
    "revoked_bundle",
    "a revoked bundle",
    () => revoked({ standing: [{ kind: "bundle", value: world.control.digest }] }, () => present({})),
  ],
  ["view", "epoch_ahead", "an epoch that the view does not know", () => present({ epochs: { global: 9, subject: 0 } })],
  [
    "view",
    "revoked_resource",
    "a resource under a revoked pattern",
    () => revoked({ standing: [{ kind: "resource", value: "service:*/region:us-east-1" }] }, () => present({})),
  ],
  [
    "view",
    "revoked_action",
    "a revoked action",
    () => revoked({ standing: [{ kind: "action", value: "deploy" }] }, () => present({})),
  ],
  [
    "view",
    "revoked_key",
    "the signer's revoked key",
    () => revoked({ standing: [{ kind: "key", value: publicOf(world.keys.certificate).kid }] }, () => present({})),
  ],
  [
    "view",
    "revoked_everything",
    "everything revoked",
    () => revoked({ standing: [{ kind: "everything", value: "*" }] }, () => present({})),
  ],
  [
    "view",
    "revoked_subject",
    "a revoked subject",
    () => revoked({ standing: [{ kind: "subject", value: "agent:oncall-v3" }] }, () => present({})),
  ],
  [
    "state",
    "state_drifted",
    "another state",
    () => present(contractWith({ precondition: { "blob:apps/checkout/us-east-1/deployment.yaml": "e".repeat(40) } })),
  ],
  ["take", "resource_busy", "a resource on which another execution is open", () => whileBusy(() => present({}))],
];

describe("the order of admission", () => {
  it.each(WRONG)("%s refuses with %s: %s", async (step, code, _what, presented) => {
    const head = world.gitops.head();
    const before = (await broker.records("refusal")).length;
    broker.steps.length = 0;
    const answer = await presented();
    expect({ code: answer.code, step: answer.step }).toEqual({ code, step });
    // Every step up to this one ran, in order, and none behind it.
    expect(broker.steps).toEqual(ADMISSION_STEPS.slice(0, ADMISSION_STEPS.indexOf(step) + 1));
    const [record, ...more] = (await broker.records("refusal")).slice(before);
    expect(record).toMatchObject({ code, step, steps: broker.steps });
    expect(more).toEqual([]);
    expect(world.gitops.head()).toBe(head);
    expect(await broker.records("decision")).toEqual([]);
  });

  it("has a certificate for each step that can refuse one by itself", () => {
    const met = new Set(WRONG.map(([step]) => step));
    const upTo = ADMISSION_STEPS.slice(0, ADMISSION_STEPS.indexOf("take") + 1);
    // `audience` repeats what the key's own audience says; `replay` needs an earlier presentation.
    expect(upTo.filter((step) => !met.has(step))).toEqual(["audience", "replay"]);
  });

  it("refuses what the key's audience lets through: a broker of another audience", async () => {
    const other = await TestBroker.start(world, { instance: "broker-2", config: { audience: "broker:other" } });
    expect(await other.execute(signed(), OPERATION)).toMatchObject({ code: "audience_wrong", step: "audience" });
    await other.stop();
  });

  it("ends with an execution when nothing is wrong: all steps, in order", async () => {
    broker.steps.length = 0;
    const answer = await broker.execute(signed(), OPERATION);
    expect(answer).toMatchObject({ status: 200, body: { state: "executed", replayed: false } });
    expect(broker.steps).toEqual([...ADMISSION_STEPS]);
    expect(world.gitops.replicas()).toBe(12);
  });

  it("refuses a certificate with a proof that was used before, also when the first presentation failed", async () => {
    const token = signed();
    const proof = await broker.prove("POST", "/v1/executions", OPERATION, { token });
    const body = { ...OPERATION, parameters: { image_digest: IMAGE, replicas: 2 } };
    const first = await broker.execute(token, body, { proof });
    expect(first).toMatchObject({ code: "proof_operation_mismatch" });
    await broker.execute(token, OPERATION, { proof });
    const again = await broker.execute(token, OPERATION, { proof });
    expect(again).toMatchObject({ status: 401, code: "proof_replayed", step: "possession" });
  });
});
