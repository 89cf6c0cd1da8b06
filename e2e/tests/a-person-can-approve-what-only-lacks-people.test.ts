import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import type { Answer } from "../harness/agent.js";
import { activate, readControl } from "../harness/control.js";
import { type Environment, startEnvironment } from "../harness/environment.js";
import { forge } from "../harness/forge.js";
import { freshId, payloadOf } from "../harness/json.js";
import { createPerson, type Person } from "../harness/people.js";
import { certify, hotfix, OPERATION, verdict } from "../harness/scene.js";

let world: Environment;
/** Answers for the agent, so may not approve for it. */
let olga: Person;

beforeAll(async () => {
  world = await startEnvironment();
  olga = await createPerson("olga", { groups: ["approvers"], agents: ["agent:oncall-v3"] });
  await activate(world, { ...readControl(world), "people/olga.yaml": olga.text });
  writeFileSync(join(world.folder, "olga.json"), JSON.stringify(olga.key), { mode: 0o600 });
}, 90_000);
afterAll(() => world.cleanup());

/** More than twenty replicas are of a tier that no policy permits alone. */
const ask = (replicas: number): Promise<Answer> =>
  world.agent.request(hotfix(world, { bounds: { max_replicas: replicas } }));
const operation = (replicas: number) => ({ ...OPERATION, parameters: { ...OPERATION.parameters, replicas } });
const PENDING = { status: 202, code: "approval_pending" };

async function pending(replicas: number): Promise<string> {
  const answer = await ask(replicas);
  expect(verdict(answer)).toMatchObject(PENDING);
  return String(answer.body.request_id);
}

async function approve(id: string, key = join(world.seb, "keys", "person-carol.json"), ...more: string[]) {
  const { code, stdout } = await world.run("seb", ["approve", id, "--key", key, "--json", ...more]);
  return { exit: code, body: JSON.parse(stdout) as Record<string, unknown> };
}

describe("a change that only lacks people", () => {
  it("waits; one person approves it; it is certified under human-approved and happens once", async () => {
    const id = await pending(30);
    const approved = await approve(id, undefined, "--yes");
    expect(approved).toMatchObject({
      exit: 0,
      body: { ok: true, request: id, approvals: 1, needed: 1, approver: "carol", contract_compiled: true },
    });
    const [approval] = world.ledger.find("signer", "approval", { request: id });

    const granted = await ask(30);
    expect(granted).toMatchObject({ status: 201, body: { policy: "human-approved" } });
    const certificate = String(granted.body.certificate);
    expect(payloadOf(certificate)).toMatchObject({
      tier: 2,
      policy: { id: "human-approved" },
      once: [{ id: approval?.body.jti, until: approval?.body.exp }],
      evidence: { facts: { approver: ["person:carol"] } },
    });
    const done = await world.agent.execute(certificate, operation(30));
    expect(done).toMatchObject({ status: 200, body: { state: "executed" } });
    expect(world.gitops.replicas("checkout", "us-east-1")).toBe(30);

    // The signer remembers what the approval was used for, and so does the store: not even a stolen signer key can use it twice.
    expect(verdict(await ask(30))).toMatchObject(PENDING);
    const commits = world.gitops.commits();
    const { once } = payloadOf(certificate);
    const again = await forge(world, await certify(world), { once });
    expect(verdict(await world.agent.execute(again, OPERATION))).toMatchObject({ status: 409, code: "once_used" });
    expect(world.gitops.commits()).toBe(commits);
  });

  it("is shown and not signed without --yes; nobody's absence counts as consent", async () => {
    const id = await pending(32);
    expect(await approve(id)).toMatchObject({ exit: 2, body: { code: "usage" } });
    expect(verdict(await ask(32))).toMatchObject(PENDING);
    expect(world.ledger.find("signer", "approval", { request: id })).toEqual([]);
  });

  it("is not approved by the agent, by whoever answers for it, by a stranger, or twice by one person", async () => {
    const id = await pending(33);
    const agent = join(world.seb, "keys", "agent.json");
    expect(await approve(id, agent, "--yes")).toMatchObject({ exit: 2, body: { code: "setting_invalid" } });
    const olgas = await approve(id, join(world.folder, "olga.json"), "--yes");
    expect(olgas).toMatchObject({ exit: 1, body: { code: "approval_conflict" } });
    const mallory = await createPerson("mallory", { groups: ["approvers"] });
    writeFileSync(join(world.folder, "mallory.json"), JSON.stringify(mallory.key), { mode: 0o600 });
    const stranger = await approve(id, join(world.folder, "mallory.json"), "--yes");
    expect(stranger).toMatchObject({ exit: 1, body: { code: "agent_unknown" } });
    expect(verdict(await ask(33))).toMatchObject(PENDING);

    expect((await approve(id, undefined, "--yes")).exit).toBe(0);
    expect(await approve(id, undefined, "--yes")).toMatchObject({ exit: 1, body: { code: "approval_conflict" } });
  });

  it("is approved for exactly what was asked", async () => {
    expect((await approve(await pending(34), undefined, "--yes")).exit).toBe(0);
    expect(verdict(await ask(35))).toMatchObject(PENDING);
    expect((await ask(34)).body.policy).toBe("human-approved");
  });

  it("names requests that do not exist", async () => {
    expect(await approve(freshId("p_"), undefined, "--yes")).toMatchObject({
      exit: 1,
      body: { code: "request_unknown" },
    });
    await world.stopService("signer");
    expect((await approve(freshId("p_"), undefined, "--yes")).exit).toBe(3);
    await world.startService("signer");
  });
});
