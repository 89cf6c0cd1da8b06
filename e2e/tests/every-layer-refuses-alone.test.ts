import { execFileSync } from "node:child_process";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { http, proof, seal } from "../harness/agent.js";
import { ROOT } from "../harness/build.js";
import { type Environment, type Failpoint, startEnvironment, until } from "../harness/environment.js";
import { digest, payloadOf } from "../harness/json.js";
import { giveOrder, giveOrderByTwo } from "../harness/orders.js";
import { certify, hotfix, OPERATION, verdict } from "../harness/scene.js";

let world: Environment;
let replicas = 12;
beforeAll(async () => {
  world = await startEnvironment();
});
afterAll(() => world?.cleanup());

const restart = async (failpoint?: Failpoint) => {
  await world.stop();
  await world.start(failpoint);
};
const idOf = (certificate: string) => String(payloadOf(certificate).jti);
const revoke = async (kind: string, value: string) => {
  const answer = await giveOrder(world, { do: "revoke", target: { kind, value } });
  expect(answer.status).toBe(200);
};
/** An operation that changes something, whatever ran before. */
const operation = () => {
  replicas = replicas === 12 ? 11 : 12;
  return { ...OPERATION, parameters: { ...OPERATION.parameters, replicas } };
};
/** Runs an expression over a module of the build under test, in a process of its own; answers the JSON that it gives. */
const inBuild = (path: string, expression: string): unknown => {
  const url = JSON.stringify(pathToFileURL(join(ROOT, path)).href);
  const program = `const it = await import(${url}); console.log(JSON.stringify(await (${expression})(it)));`;
  const args = ["--input-type=module", "--eval", program];
  return JSON.parse(execFileSync(process.execPath, args, { encoding: "utf8" }));
};

describe("every layer refuses alone, when the ones before it were passed", () => {
  it("take: a revocation that came after the view was read", async () => {
    await restart({ step: "take", when: "before", do: "pause" });
    const certificate = await certify(world);
    const head = world.gitops.head();
    const executing = world.agent.execute(certificate, operation());
    await until("it waits before take", () => world.reached());
    await revoke("certificate", idOf(certificate));
    world.resume();
    expect(verdict(await executing)).toEqual({ status: 403, code: "revoked_certificate", step: "take" });
    expect(world.gitops.head()).toBe(head);
    expect(world.ledger.find("broker", "decision", { cert_id: idOf(certificate) })).toEqual([]);
  });

  it("take: a certificate that another presentation used for another operation after the replay was looked up", async () => {
    await restart({ step: "take", when: "before", do: "pause" });
    const certificate = await certify(world);
    const first = world.agent.execute(certificate, operation());
    await until("it waits before take", () => world.reached());
    expect((await world.agent.execute(certificate, operation())).body).toMatchObject({
      state: "executed",
      replayed: false,
    });
    const head = world.gitops.head();
    world.resume();
    expect(verdict(await first)).toEqual({ status: 409, code: "already_used", step: "take" });
    expect(world.gitops.head()).toBe(head);
  });

  it("take: a second certificate for the resource, while the first one's execution is open", async () => {
    await restart({ step: "execute", when: "before", do: "pause" });
    const [first, second] = [await certify(world), await certify(world)];
    const body = operation();
    const executing = world.agent.execute(first, body);
    await until("it waits before it sends", () => world.reached());
    const busy = await world.agent.execute(second, body);
    expect(verdict(busy)).toEqual({ status: 409, code: "resource_busy", step: "take" });
    world.resume();
    expect((await executing).body).toMatchObject({ state: "executed" });
  });

  it("target: the marker of the certificate, set by whoever fenced it after the last look", async () => {
    await restart({ step: "execute", when: "before", do: "pause" });
    const certificate = await certify(world);
    const head = world.gitops.head();
    const executing = world.agent.execute(certificate, operation());
    await until("it waits before it sends", () => world.reached());
    const git = (args: string[], input = "") =>
      execFileSync("git", [`--git-dir=${join(world.seb, "gitops.git")}`, ...args], { encoding: "utf8", input }).trim();
    git(["update-ref", `refs/seb/${idOf(certificate)}`, git(["hash-object", "-w", "--stdin"])]);
    world.resume();
    expect(verdict(await executing)).toEqual({ status: 503, code: "fence_lost", step: "execute" });
    expect(world.gitops.head()).toBe(head);
  });

  it("contract: one that the bundle does not compile to, though the signer's key signed it", async () => {
    await restart();
    const claims = payloadOf(await certify(world));
    const contract = {
      ...(claims.contract as Record<string, unknown>),
      open: { replicas: { type: "integer", minimum: 1, maximum: 50 } },
    };
    const scope = { ...(claims.scope as Record<string, unknown>), max_replicas: 50 };
    for (const changed of [{ contract }, { scope }]) {
      const forged = await seal("seb-cert+jwt", { ...claims, ...changed }, world.key("signer-certificate"));
      const answer = await world.agent.execute(forged, operation());
      expect(verdict(answer)).toEqual({ status: 403, code: "contract_mismatch", step: "contract" });
    }
  });

  it("operation: a parameter beyond the contract's own range", () => {
    const contract = {
      connector: "git",
      target: "gitops",
      open: { replicas: { type: "integer", minimum: 1, maximum: 12 } },
      operation: {
        branch: "main",
        edits: [{ path: "a.yaml", format: "yaml", set: { "/spec/replicas": { $open: "replicas" } } }],
      },
    };
    const fill = (count: number) =>
      inBuild(
        "packages/catalogue/dist/index.js",
        `({ instantiate }) => instantiate(${JSON.stringify(contract)}, { replicas: ${count} })`,
      );
    expect(fill(12)).toMatchObject({ ok: true });
    expect(fill(13)).toMatchObject({ ok: false, error: { code: "scope_exceeded" } });
    expect(fill(0)).toMatchObject({ ok: false, error: { code: "scope_exceeded" } });
  });

  it("guard: a view that nobody announced, a window that closed, a fence that was lost", () => {
    const guard = (what: string) =>
      inBuild(
        "apps/broker/dist/execution/guard.js",
        `async ({ createGuard }) => {
          const state = { standing: [], nowMs: 0, monotonicMs: 0, holds: true, run_id: "run" };
          const ok = (value) => ({ ok: true, value });
          const epochs = { global: 1, subject: {}, policy: {} };
          const ports = {
            clock: { nowMs: () => state.nowMs, monotonicMs: () => state.monotonicMs },
            store: { holds: async () => ok(state.holds) },
            status: { pin: () => ok({ run_id: "run", generation: 1 }) },
            view: { read: async () => ok({ seq: 1, run_id: state.run_id, generation: 1, epochs, standing: state.standing }) },
          };
          const claims = { jti: "c_1", sub: "agent:a", exp: 90, cnf: { jkt: "k" }, bundle: "b", action: "deploy",
            resource: "service:a/region:b", policy: { id: "p", epoch: 0 }, epochs: { global: 1, subject: 0 } };
          const guard = createGuard(ports, { claims, signerKid: "s", fence: 1, recalled: undefined, sent: false });
          ${what};
          const { ok: passed, error } = await guard.check();
          return passed ? "passed" : error.code;
        }`,
      );
    expect(guard("")).toBe("passed");
    expect(guard('state.standing = [{ target: { kind: "subject", value: "agent:a" } }]')).toBe("revoked_subject");
    expect(guard("epochs.global = 2")).toBe("epoch_stale");
    expect(guard("state.nowMs = 90_000")).toBe("expired");
    expect(guard("state.monotonicMs = 90_000")).toBe("expired");
    expect(guard("state.holds = false")).toBe("fence_lost");
    expect(guard('state.run_id = "another"')).toBe("store_discontinuity");
  });

  it("signer: a revocation that came after the request was let in", async () => {
    await restart({ step: "profile", when: "before", do: "pause", in: "signer" });
    const asking = world.agent.request(hotfix(world));
    await until("it waits before the profile", () => world.reached());
    await revoke("subject", "agent:oncall-v3");
    world.resume();
    expect(verdict(await asking)).toEqual({ status: 403, code: "revoked_subject", step: "profile" });
    const next = await world.agent.request(hotfix(world));
    expect(verdict(next)).toEqual({ status: 403, code: "revoked_subject", step: "authenticate" });
  });

  it("journal: a revocation stands though the store was lost whole", async () => {
    await world.kill9();
    rmSync(world.store, { recursive: true });
    await world.start();
    const asked = await world.agent.request(hotfix(world));
    expect(asked.body.code).toBe("revoked_subject");
    await giveOrderByTwo(world, { do: "lift", target: { kind: "subject", value: "agent:oncall-v3" } });
    await until("the agent may ask again", async () => (await world.agent.request(hotfix(world))).status === 201);
  });

  it("signer: a proof that was used before", async () => {
    const { action, service, region } = hotfix(world);
    const observation = String((await world.agent.observe({ action, service, region })).body.observation);
    const url = `${world.urls.signer}/v1/certificates`;
    const body = { ...hotfix(world), observation };
    const dpop = await proof(world.key("agent"), { url, op: digest("seb-op-v1", body) });
    const ask = (key: string) => http(url, { body, headers: { dpop, "idempotency-key": key } });
    expect((await ask("the-first-key-of-two")).status).toBe(201);
    expect(verdict(await ask("the-other-key-of-two"))).toMatchObject({ status: 401, code: "proof_replayed" });
  });

  it("signer: nothing is signed that is not in the journal", async () => {
    const before = world.ledger.find("signer", "issued").length;
    await restart({ step: "sign", when: "before", do: "kill", in: "signer" });
    await expect(world.agent.request(hotfix(world))).rejects.toThrow();
    await world.start();
    expect(world.ledger.find("signer", "issued")).toHaveLength(before + 1);
  });

  it("records: each refusal of an authentic certificate has its own, however many come in a second", async () => {
    const certificate = await certify(world);
    const body = { ...OPERATION, parameters: { ...OPERATION.parameters, replicas: 13 } };
    const answers = await Promise.all(Array.from({ length: 60 }, () => world.agent.execute(certificate, body)));
    expect(new Set(answers.map((answer) => answer.body.code))).toEqual(new Set(["scope_exceeded"]));
    const records = world.ledger.find("broker", "refusal", { cert_id: idOf(certificate), code: "scope_exceeded" });
    expect(records).toHaveLength(60);
  });

  it("record: a decision that cannot be written is not carried out", async () => {
    const certificate = await certify(world);
    const head = world.gitops.head();
    // Whatever else writes into the chain breaks it for the broker.
    await world.records.intrude("broker");
    expect(verdict(await world.agent.execute(certificate, operation()))).toEqual({
      status: 409,
      code: "chain_fork",
      step: "record",
    });
    expect(world.gitops.head()).toBe(head);
    expect(world.gitops.refs().some((ref) => ref.includes(idOf(certificate)))).toBe(false);
  });
});
