import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { calculateJwkThumbprint } from "jose";
import { stringify } from "yaml";
import { publicPart } from "../harness/agent.js";
import { installBundle, readControl, withYaml } from "../harness/control.js";
import { type Environment, startEnvironment } from "../harness/environment.js";
import { contractOf, forge, newKey } from "../harness/forge.js";
import { buildDigest, deploymentPath } from "../harness/gitops.js";
import { freshId, payloadOf } from "../harness/json.js";
import { CHECKOUT, certify, NEW_IMAGE, OPERATION, verdict } from "../harness/scene.js";

/** The platform's bounds here: narrower than what signer, bundle and broker allow, so that each of them can be met alone. */
const CEILINGS = {
  ver: 1,
  actions: ["deploy"],
  resources: ["service:checkout/region:*"],
  subjects: ["agent:oncall-v3"],
  max_tier: 1,
  max_lifetime_seconds: 100,
  executions_per_hour: 5,
  executions_per_hour_per_resource: 3,
};
const CERTIFIED = `blob:${deploymentPath("checkout", "us-east-1")}`;
const EUROPE = "service:checkout/region:eu-west-1";

let world: Environment;
/** A certificate that the signer made: the pattern for those that it did not. */
let honest: string;
let head: string;

async function restartUnder(ceilings: Record<string, unknown>): Promise<void> {
  await world.stop();
  writeFileSync(join(world.seb, "ceilings.yaml"), stringify(ceilings));
  await world.start();
  honest = await certify(world);
  head = world.gitops.head();
}

beforeAll(async () => {
  world = await startEnvironment();
  await restartUnder(CEILINGS);
});
afterAll(() => world?.cleanup());

/** Presents a forged certificate by the agent's own key, for an operation that fits its claims; nothing may change. */
async function present(token: string, changes: Partial<typeof OPERATION> | Record<string, unknown> = {}) {
  const answer = await world.agent.execute(token, { ...OPERATION, ...changes });
  expect(world.gitops.head()).toBe(head);
  return answer;
}
const contract = () => payloadOf(honest).contract as Record<string, unknown>;
const seconds = () => Math.floor(Date.now() / 1000);
const refused = (status: number, code: string, step: string) => ({ status, code, step });

describe("a stolen signer key meets the ceilings", () => {
  const open = (maximum: number) => ({ replicas: { type: "integer", minimum: 1, maximum } });
  const edit = (path: string, set: Record<string, unknown>) => ({
    branch: "main",
    edits: [{ path, format: "yaml", set }],
  });
  const replicas = { $open: "replicas" };

  /** Claims as the bundle would compile them, each outside one ceiling. */
  const OUTSIDE: readonly [string, () => Record<string, unknown>, Record<string, unknown>][] = [
    [
      "actions",
      () => ({
        action: "scale",
        scope: { max_replicas: 12 },
        ...contractOf(honest, {
          action: "scale",
          operation: edit(deploymentPath("checkout", "us-east-1"), { "/spec/replicas": replicas }),
        }),
      }),
      { action: "scale", parameters: { replicas: 12 } },
    ],
    [
      "resources",
      () => ({
        resource: "service:search/region:us-east-1",
        ...contractOf(honest, {
          resource: "service:search/region:us-east-1",
          precondition: { [`blob:${deploymentPath("search", "us-east-1")}`]: "0".repeat(40) },
          operation: edit(deploymentPath("search", "us-east-1"), {
            "/spec/template/spec/containers/0/image": `registry.example/search@${NEW_IMAGE}`,
            "/spec/replicas": replicas,
          }),
        }),
      }),
      { resource: "service:search/region:us-east-1" },
    ],
    [
      "max_tier",
      () => ({
        tier: 2,
        scope: { image_digest: NEW_IMAGE, max_replicas: 25 },
        ...contractOf(honest, { open: open(25) }),
      }),
      { parameters: { image_digest: NEW_IMAGE, replicas: 25 } },
    ],
    ["max_lifetime_seconds", () => ({ iat: seconds(), nbf: seconds(), exp: seconds() + 110 }), {}],
  ];
  it.each(OUTSIDE)("in its %s", async (ceiling, claims, body) => {
    const token = await forge(world, honest, claims());
    const answer = await present(token, body);
    expect(verdict(answer)).toEqual(refused(403, "ceiling_exceeded", "ceilings"));
    expect(answer.body.facts).toMatchObject({ ceiling });
    const verified = await world.agent.verify(token, {});
    expect(verified.body).toMatchObject({ verdict: "would_refuse", code: "ceiling_exceeded", step: "ceilings" });
  });

  it("and the broker's own cap on a certificate's life before that", async () => {
    const now = seconds();
    const answer = await present(await forge(world, honest, { iat: now, nbf: now, exp: now + 121 }));
    expect(verdict(answer)).toEqual(refused(401, "lifetime_too_long", "window"));
  });

  it("also when it lies the tier down: the broker computes it again", async () => {
    const scope = { image_digest: NEW_IMAGE, max_replicas: 25 };
    const token = await forge(world, honest, { tier: 1, scope, ...contractOf(honest, { open: open(25) }) });
    const answer = await present(token, { parameters: { image_digest: NEW_IMAGE, replicas: 25 } });
    expect(verdict(answer)).toEqual(refused(403, "contract_mismatch", "contract"));
    expect(answer.body.facts).toMatchObject({ tier: 2 });
  });
});

describe("a stolen signer key cannot invent operations", () => {
  const BRANCH = "attack";
  const operation = () => contract().operation as { edits: { path: string; set: Record<string, unknown> }[] };
  const edits = (change: Record<string, unknown>) => ({
    operation: { ...operation(), edits: [{ ...operation().edits[0], ...change }] },
  });
  /** Contracts that no bundle compiles to, under honest claims. */
  const INVENTED: readonly [string, () => Record<string, unknown>][] = [
    ["another branch", () => ({ operation: { ...operation(), branch: BRANCH } })],
    ["another file", () => edits({ path: deploymentPath("search", "us-east-1") })],
    ["a file outside", () => edits({ path: "../../etc/passwd" })],
    ["another field", () => edits({ set: { ...operation().edits[0]?.set, "/metadata/name": "attack" } })],
    ["another image", () => edits({ set: { "/spec/template/spec/containers/0/image": "attack:latest" } })],
    [
      "another edit besides",
      () => ({ operation: { ...operation(), edits: [...operation().edits, operation().edits[0]] } }),
    ],
    ["a member too many", () => ({ operation: { ...operation(), force: true } })],
    ["a wider range", () => ({ open: { replicas: { type: "integer", minimum: 1, maximum: 50 } } })],
    ["no range", () => ({ open: {} })],
    ["another action", () => ({ action: "scale" })],
    ["another resource", () => ({ resource: EUROPE })],
    ["another audience", () => ({ audience: "broker:prod" })],
    ["another connector", () => ({ connector: "kubernetes" })],
    ["another target", () => ({ target: "production" })],
    ["more time", () => ({ timeout_seconds: 120 })],
    ["another way to look it up", () => ({ reconcile: "none" })],
    ["another identity", () => ({ identity: "minted" })],
  ];
  it.each(INVENTED)("with %s in the contract", async (_name, changes) => {
    const answer = await present(await forge(world, honest, contractOf(honest, changes())));
    expect(verdict(answer)).toEqual(refused(403, "contract_mismatch", "contract"));
    expect(world.gitops.refs()).not.toContain(`refs/heads/${BRANCH}`);
  });

  it.each([
    ["a wider bound", { scope: { image_digest: NEW_IMAGE, max_replicas: 13 } }],
    ["a bound less", { scope: { image_digest: NEW_IMAGE } }],
    ["a bound too many", { scope: { image_digest: NEW_IMAGE, max_replicas: 12, surge: 1 } }],
    ["another image", { scope: { image_digest: buildDigest("checkout", 9), max_replicas: 12 } }],
    ["a policy that the bundle does not have", { policy: { id: "invented", also: [], epoch: 9 } }],
    ["a region that the service does not have", { resource: "service:checkout/region:mars-1" }],
  ])("with %s beside the contract", async (_name, changes) => {
    const body = "resource" in changes ? changes : {};
    const answer = await present(await forge(world, honest, changes), body);
    expect(verdict(answer)).toEqual(refused(403, "contract_mismatch", "contract"));
  });

  it.each([
    ["no precondition", {}],
    ["a precondition of another file", { [`blob:${deploymentPath("search", "us-east-1")}`]: "0".repeat(40) }],
    ["one condition more", { [CERTIFIED]: "0".repeat(40), "blob:README.md": "0".repeat(40) }],
    ["a condition that is no blob", { [CERTIFIED]: "main" }],
  ])("with %s: not the conditions of this action", async (_name, precondition) => {
    const answer = await present(await forge(world, honest, contractOf(honest, { precondition })));
    expect(verdict(answer)).toEqual(refused(403, "contract_mismatch", "contract"));
  });

  it("with another precondition: the state must be the certified one", async () => {
    const precondition = { [CERTIFIED]: "0".repeat(40) };
    const answer = await present(await forge(world, honest, contractOf(honest, { precondition })));
    expect(verdict(answer)).toEqual(refused(409, "state_drifted", "state"));
  });

  it("from a bundle that the broker does not hold", async () => {
    const answer = await present(await forge(world, honest, { bundle: `sha256:${"0".repeat(64)}` }));
    expect(verdict(answer)).toEqual(refused(503, "bundle_unknown", "contract"));
  });

  it("for an agent that is not registered: a foreign key, a foreign name, an action too many, an ended registration", async () => {
    const stranger = await newKey("agent");
    const cnf = { jkt: await calculateJwkThumbprint(publicPart(stranger.jwk)) };
    const foreign = await world.agent.execute(await forge(world, honest, { cnf }), OPERATION, { proofKey: stranger });
    expect(verdict(foreign)).toEqual(refused(403, "agent_unknown", "contract"));
    const named = await present(await forge(world, honest, { sub: "agent:deployer" }));
    expect(verdict(named)).toEqual(refused(403, "agent_unknown", "contract"));

    const files = readControl(world);
    const changed = (change: Record<string, unknown>) =>
      installBundle(
        world,
        withYaml(files, "agents/oncall-v3.yaml", (agent) => ({ ...agent, ...change })),
      );
    const unregistered = await present(await forge(world, honest, { bundle: changed({ actions: ["scale"] }) }));
    expect(verdict(unregistered)).toEqual(refused(403, "agent_not_allowed", "contract"));
    const ended = await present(await forge(world, honest, { bundle: changed({ expires: seconds() - 1 }) }));
    expect(verdict(ended)).toEqual(refused(403, "agent_expired", "contract"));
    expect(world.gitops.head()).toBe(head);
  });

  it("to execute in the shadow, nor to run ahead of the epochs", async () => {
    const shadow = await present(await forge(world, honest, { mode: "shadow" }));
    expect(verdict(shadow)).toEqual(refused(403, "certificate_shadow", "claims"));
    for (const epochs of [
      { global: 1_000_000, subject: 0 },
      { ...(payloadOf(honest).epochs as object), subject: 1_000_000 },
    ]) {
      const ahead = await present(await forge(world, honest, { epochs }));
      expect(verdict(ahead)).toEqual(refused(503, "epoch_ahead", "view"));
    }
    const policy = { ...(payloadOf(honest).policy as object), epoch: 1_000_000 };
    expect(verdict(await present(await forge(world, honest, { policy })))).toEqual(
      refused(503, "epoch_ahead", "policy"),
    );
  });
});

describe("a stolen signer key meets the rates", () => {
  /** Forges and executes one certificate by which the target really changes. */
  async function spend(region: string, count: number, once: readonly unknown[] = []) {
    const pattern = await certify(world, { region, bounds: { max_replicas: 12 } });
    const token = await forge(world, pattern, { once });
    const resource = `service:checkout/region:${region}`;
    const parameters = { image_digest: NEW_IMAGE, replicas: count };
    return world.agent.execute(token, { action: "deploy", resource, parameters });
  }

  it("consumes an approval once, whatever it signs", async () => {
    const once = [{ id: freshId("a_"), until: seconds() + 600 }];
    expect((await spend("us-east-1", 1, once)).body).toMatchObject({ state: "executed" });
    head = world.gitops.head();
    expect(verdict(await spend("us-east-1", 2, once))).toEqual(refused(409, "once_used", "take"));
    expect(world.gitops.head()).toBe(head);
  });

  it("of one resource in an hour", async () => {
    expect((await spend("us-east-1", 2)).body).toMatchObject({ state: "executed" });
    expect((await spend("us-east-1", 3)).body).toMatchObject({ state: "executed" });
    head = world.gitops.head();
    const answer = await spend("us-east-1", 4);
    expect(verdict(answer)).toEqual(refused(429, "ceiling_rate_exceeded", "take"));
    expect(answer.body.facts).toMatchObject({ ceiling: `executions:${CHECKOUT}`, limit: 3 });
    expect(world.gitops.head()).toBe(head);
  });

  it("of everything in an hour", async () => {
    expect((await spend("eu-west-1", 1)).body).toMatchObject({ state: "executed" });
    expect((await spend("eu-west-1", 2)).body).toMatchObject({ state: "executed" });
    head = world.gitops.head();
    const answer = await spend("eu-west-1", 3);
    expect(verdict(answer)).toEqual(refused(429, "ceiling_rate_exceeded", "take"));
    expect(answer.body.facts).toMatchObject({ ceiling: "executions", limit: 5 });
    expect(world.gitops.head()).toBe(head);
  });

  it("also after a restart of everything", async () => {
    await world.stop();
    await world.start();
    expect(verdict(await spend("eu-west-1", 3))).toEqual(refused(429, "ceiling_rate_exceeded", "take"));
    expect(world.gitops.head()).toBe(head);
  });
});

describe("a stolen signer key", () => {
  it("acts for no subject that the platform did not name", async () => {
    await restartUnder({ ...CEILINGS, subjects: ["agent:deployer"], executions_per_hour: 100 });
    const answer = await present(await forge(world, honest));
    expect(verdict(answer)).toEqual(refused(403, "ceiling_exceeded", "ceilings"));
    expect(answer.body.facts).toMatchObject({ ceiling: "subjects" });
  });

  it("is stopped by one order of one operator", async () => {
    const ceilings = { ...CEILINGS, executions_per_hour: 100, executions_per_hour_per_resource: 100 };
    await restartUnder(ceilings);
    const forged = await forge(world, honest);
    const kid = await calculateJwkThumbprint(publicPart(world.key("signer-certificate").jwk));
    const revoked = await world.run("seb", ["revoke", "key", kid, "--reason", "the signer's key was stolen"]);
    expect({ code: revoked.code, stderr: revoked.stderr }).toMatchObject({ code: 0 });
    expect(verdict(await present(forged))).toEqual(refused(403, "revoked_key", "view"));
    expect(verdict(await present(await forge(world, honest)))).toEqual(refused(403, "revoked_key", "view"));
    const verified = await world.agent.verify(honest, { operation: OPERATION });
    expect(verified.body).toMatchObject({ verdict: "would_refuse", code: "revoked_key", step: "view" });
    expect(world.ledger.find("broker", "refusal", { code: "revoked_key" })).toHaveLength(2);
  });
});
