import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "@jest/globals";
import { parse, stringify } from "yaml";
import { type Answer, createAgent, http } from "../harness/agent.js";
import { attest } from "../harness/attest.js";
import { activate, type ControlFiles, readControl, withYaml } from "../harness/control.js";
import { type Environment, startEnvironment, until } from "../harness/environment.js";
import { freshId, payloadOf } from "../harness/json.js";
import { verdictCounts } from "../harness/metrics.js";
import { giveOrder, giveOrderByTwo } from "../harness/orders.js";
import { CHECKOUT, certify, hotfix, OPERATION, verdict } from "../harness/scene.js";

/** Everything that a verification checks, in order. */
const ALL = [
  "token",
  "signature",
  "claims",
  "audience",
  "window",
  "possession",
  "replay",
  "contract",
  "ceilings",
  "policy",
  "view",
  "state",
  "take",
];

let world: Environment;
let control: ControlFiles;
let before: unknown;

/** What production and the store hold, seen from outside. */
async function state() {
  const list = await world.agent.get(`${world.urls.broker}/v1/executions`);
  const writes = world.ledger.of("broker").filter(({ kind }) => ["decision", "outcome", "takeover"].includes(kind));
  return { refs: world.gitops.refs(), head: world.gitops.head(), list: list.body, writes: writes.length };
}
const verify = (certificate: string, operation: unknown = OPERATION) => world.agent.verify(certificate, { operation });
const jti = (certificate: string) => String(payloadOf(certificate).jti);
const recordsOf = (certificate: string) => world.ledger.find("broker", "verification", { cert_id: jti(certificate) });

/** The platform allows so many executions per hour; the broker reads that when it starts. */
async function limitExecutions(perHour: number): Promise<void> {
  const path = join(world.seb, "ceilings.yaml");
  writeFileSync(path, stringify({ ...parse(readFileSync(path, "utf8")), executions_per_hour: perHour }));
  await world.stopService("broker");
  await world.startService("broker");
  await until("the broker is ready", async () => (await http(`${world.urls.broker}/readyz`)).status === 200);
}

beforeAll(async () => {
  world = await startEnvironment();
  control = readControl(world);
});
afterAll(() => world?.cleanup());

describe("a verification", () => {
  beforeEach(async () => {
    before = await state();
  });
  afterEach(async () => expect(await state()).toEqual(before));

  it("checks everything up to the take, as often as one likes, and spends nothing", async () => {
    const certificate = await certify(world);
    for (let n = 1; n <= 3; n++) {
      const answer = await verify(certificate);
      expect(answer.body).toEqual({
        verdict: "would_execute",
        code: null,
        step: null,
        cert_id: jti(certificate),
        checked: ALL,
        not_checked: [],
      });
      expect(recordsOf(certificate)).toHaveLength(n);
    }
    expect(recordsOf(certificate)[0]?.body).toMatchObject({ verdict: "would_execute", mode: "enforce" });
    const known = await world.agent.get(`${world.urls.broker}/v1/executions/${jti(certificate)}`);
    expect(verdict(known)).toMatchObject({ status: 404, code: "execution_not_found" });
  });

  it("without the agent's key says that possession was not checked", async () => {
    const answer = await world.agent.verify(await certify(world), { operation: OPERATION }, false);
    expect(answer.body).toMatchObject({
      verdict: "would_execute",
      checked: ALL.filter((step) => step !== "possession"),
      not_checked: ["possession"],
    });
  });

  it("without parameters says that the operation was not checked", async () => {
    const answer = await world.agent.verify(await certify(world), {});
    expect(answer.body).toMatchObject({ verdict: "would_execute", checked: ALL, not_checked: ["operation"] });
    const neither = await world.agent.verify(await certify(world), {}, false);
    expect(neither.body).toMatchObject({ verdict: "would_execute", not_checked: ["possession", "operation"] });
  });

  it("with another key's proof would be refused", async () => {
    const certificate = await certify(world);
    const thief = createAgent(world.urls, world.key("operator-alice"));
    const answer = await thief.verify(certificate, { operation: OPERATION });
    expect(answer.body).toMatchObject({ verdict: "would_refuse", code: "proof_key_mismatch", step: "possession" });
  });

  it("says what an execution would be refused with, at which step, and what is left unchecked behind it", async () => {
    const wide = { ...OPERATION, parameters: { ...OPERATION.parameters, replicas: 40 } };
    const certificate = await certify(world);
    const refused = await verify(certificate, wide);
    expect(refused.body).toMatchObject({ verdict: "would_refuse", code: "scope_exceeded", step: "contract" });
    expect(refused.body.not_checked).toEqual(ALL.slice(ALL.indexOf("contract") + 1));
    expect((await verify(`${certificate.slice(0, -4)}AAAA`)).body).toMatchObject({
      verdict: "would_refuse",
      step: "signature",
      cert_id: null,
    });

    const target = { kind: "certificate", value: jti(certificate) };
    await giveOrder(world, { do: "revoke", target });
    expect((await verify(certificate)).body).toMatchObject({
      verdict: "would_refuse",
      code: "revoked_certificate",
      step: "view",
    });
    await giveOrderByTwo(world, { do: "lift", target });
    expect((await verify(certificate)).body.verdict).toBe("would_execute");
  });

  it("by broker-cli says the same, with and without key and parameters", async () => {
    const certificate = await certify(world);
    const line = (...more: string[]) =>
      world.run("broker-cli", ["verify", "--cert", certificate, "--shadow", "--json", ...more]);
    const [whole, bare] = await Promise.all([line("--param", "replicas=12"), line()]);
    expect({ exit: whole.code, body: JSON.parse(whole.stdout) }).toMatchObject({
      exit: 0,
      body: { verdict: "would_execute", not_checked: [] },
    });
    expect(JSON.parse(bare.stdout)).toMatchObject({ not_checked: ["operation"] });
  });
});

describe("a shadow certificate", () => {
  it("is what the agent gets that asks for it, verifies like any other, and can never execute", async () => {
    before = await state();
    const certificate = await certify(world, { mode: "shadow" });
    expect(payloadOf(certificate)).toMatchObject({ mode: "shadow", policy: { id: "auto-low-risk-v2" } });
    expect((await verify(certificate)).body).toMatchObject({ verdict: "would_execute", checked: ALL });
    expect(recordsOf(certificate)[0]?.body).toMatchObject({ mode: "shadow" });
    const answer = await world.agent.execute(certificate, OPERATION);
    expect(verdict(answer)).toEqual({ status: 403, code: "certificate_shadow", step: "claims" });
    expect(await state()).toEqual(before);
  });

  it("is all there is where modes.yaml says shadow: the agent may lower the mode, never raise it", async () => {
    const modes = {
      ver: 1,
      default: "enforce",
      actions: { deploy: { default: "enforce", services: { checkout: "shadow" } } },
    };
    await activate(
      world,
      withYaml(control, "policy/modes.yaml", () => modes),
    );
    before = await state();
    const certificate = await certify(world);
    expect(payloadOf(certificate).mode).toBe("shadow");
    expect(verdict(await world.agent.execute(certificate, OPERATION))).toMatchObject({ code: "certificate_shadow" });
    const raised = await world.agent.request({ ...hotfix(world), mode: "enforce" } as never);
    expect(verdict(raised)).toMatchObject({ status: 400, code: "request_invalid" });
    // Another action of the same service, and the same action of another service, are enforced.
    const [, running = ""] = world.gitops.image("checkout", "us-east-1").split("@");
    const scale = { action: "scale", parameters: {}, evidence: [await attest(world, { digest: running })] };
    expect(payloadOf(await certify(world, scale)).mode).toBe("enforce");
    expect(await state()).toEqual(before);
    await activate(world, control);
  });
});

describe("after any number of verifications", () => {
  it("the certificate still works, once", async () => {
    const certificate = await certify(world);
    for (let n = 0; n < 3; n++) expect((await verify(certificate)).body.verdict).toBe("would_execute");
    const executed = await world.agent.execute(certificate, OPERATION);
    expect(executed.body).toMatchObject({ state: "executed", replayed: false });
    expect((await verify(certificate)).body).toMatchObject({
      verdict: "would_refuse",
      code: "already_used",
      step: "replay",
    });
  });

  it("the ceilings still have room, and are told when they have none", async () => {
    await limitExecutions(world.ledger.find("broker", "decision").length + 1);

    const scaled = async (replicas: number): Promise<[string, typeof OPERATION]> => {
      const certificate = await certify(world, { bounds: { max_replicas: replicas } });
      return [certificate, { ...OPERATION, parameters: { ...OPERATION.parameters, replicas } } as typeof OPERATION];
    };
    const [first, operation] = await scaled(11);
    for (let n = 0; n < 5; n++) expect((await verify(first, operation)).body.verdict).toBe("would_execute");
    expect((await world.agent.execute(first, operation)).body.state).toBe("executed");
    const [second, other] = await scaled(10);
    expect((await verify(second, other)).body).toMatchObject({
      verdict: "would_refuse",
      code: "ceiling_rate_exceeded",
      step: "take",
    });
    expect(verdict(await world.agent.execute(second, other))).toEqual({
      status: 429,
      code: "ceiling_rate_exceeded",
      step: "take",
    });
    await limitExecutions(200);
  });
});

describe("what a pipeline in shadow reports", () => {
  it("is counted apart, in records and in metrics: would execute, would refuse, refused, not reached", async () => {
    const counts = () => verdictCounts(world.urls.broker);
    const earlier = await counts();
    const from = world.ledger.of("broker").length;
    const certificate = await certify(world, { mode: "shadow" });
    const report = (id: string): Promise<Answer> => world.agent.verify(undefined, { request: freshId(id) });
    for (let n = 0; n < 4; n++) await verify(certificate, { ...OPERATION, resource: CHECKOUT });
    for (let n = 0; n < 3; n++) await verify(certificate, { ...OPERATION, action: "scale" });
    for (let n = 0; n < 2; n++)
      expect((await report("r_")).body).toMatchObject({ verdict: "no_certificate_refused", not_checked: ALL });
    expect((await report("u_")).body).toMatchObject({ verdict: "no_certificate_unreachable", not_checked: ALL });

    const now = await counts();
    const rise = (name: string) => (now[name] ?? 0) - (earlier[name] ?? 0);
    expect({
      would_execute: rise("would_execute"),
      would_refuse: rise("would_refuse"),
      refused: rise("no_certificate_refused"),
      unreachable: rise("no_certificate_unreachable"),
    }).toEqual({ would_execute: 4, would_refuse: 3, refused: 2, unreachable: 1 });

    const records = world.ledger.of("broker").slice(from);
    const count = (kind: string, members: Record<string, unknown>) =>
      records.filter(
        (record) =>
          record.kind === kind && Object.entries(members).every(([name, value]) => record.body[name] === value),
      ).length;
    expect(count("verification", { verdict: "would_execute" })).toBe(4);
    expect(count("verification", { verdict: "would_refuse", code: "action_mismatch" })).toBe(3);
    expect(count("refusal", { code: "certificate_absent", shadow: true })).toBe(2);
    expect(count("refusal", { code: "certificate_unasked", shadow: true })).toBe(1);
  });
});
