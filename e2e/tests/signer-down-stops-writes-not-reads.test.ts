import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "@jest/globals";
import { blackHole, type Endpoint, refusedPort, silentServer } from "@seb/testkit";
import { http } from "../harness/agent.js";
import { attest } from "../harness/attest.js";
import { type Environment, startEnvironment, until } from "../harness/environment.js";
import { freshId, payloadOf } from "../harness/json.js";
import { giveOrder, giveOrderByTwo } from "../harness/orders.js";
import { CHECKOUT, certify, hotfix, OPERATION, verdict } from "../harness/scene.js";

const COMMAND_LIMIT_MS = 9000;
const HOTFIX = ["--action", "deploy", "--service", "checkout", "--region", "us-east-1"];

let world: Environment;
/** Issued before the signer stopped. */
let certificate: string;
/** Executed before the signer stopped. */
let executed: string;
let head: string;

beforeAll(async () => {
  world = await startEnvironment();
  executed = await certify(world, { action: "scale", parameters: {}, evidence: [await runningImage()] });
  const scale = { action: "scale", resource: CHECKOUT, parameters: { replicas: 7 } };
  expect((await world.agent.execute(executed, scale)).body.state).toBe("executed");
  certificate = await certify(world);
  await world.stopService("signer");
});
afterAll(() => world?.cleanup());
beforeEach(() => {
  head = world.gitops.head();
});

async function runningImage() {
  const [, digest = ""] = world.gitops.image("checkout", "us-east-1").split("@");
  return attest(world, { digest });
}
const codeOf = ({ stdout, stderr }: { stdout: string; stderr: string }) => {
  const { error, code } = JSON.parse(stdout || stderr);
  return error?.code ?? code;
};

describe("while the signer is down, no new write", () => {
  afterEach(() => expect(world.gitops.head()).toBe(head));

  it("gets a certificate: nobody answers, and nobody else signs", async () => {
    await expect(world.agent.request(hotfix(world))).rejects.toThrow();
    for (const service of ["broker", "revocation"] as const) {
      const answer = await world.agent.post(`${world.urls[service]}/v1/certificates`, hotfix(world));
      expect(verdict(answer)).toEqual({ status: 404, code: "not_found" });
    }
  });

  it("goes through without one", async () => {
    const answer = await http(`${world.urls.broker}/v1/executions`, { body: OPERATION });
    expect(verdict(answer)).toEqual({ status: 401, code: "token_missing", step: "token" });
    const unsigned = await world.agent.execute(`${executed.split(".").slice(0, 2).join(".")}.`, OPERATION);
    expect(unsigned.status).toBe(401);
  });

  it("comes of what is left of an earlier certificate", async () => {
    const answer = await world.agent.execute(executed, OPERATION);
    expect(verdict(answer)).toEqual({ status: 409, code: "already_used", step: "replay" });
  });

  it.each(["request-cert", "run"])("agent-cli %s says that it could not ask, with exit code 3", async (command) => {
    const done = await world.run("agent-cli", [command, ...HOTFIX, "--json"]);
    expect({ exit: done.code, code: codeOf(done) }).toEqual({ exit: 3, code: "unreachable" });
    expect(done.ms).toBeLessThan(COMMAND_LIMIT_MS);
  });

  it("hangs on a signer that refuses, swallows or never answers", async () => {
    const places: readonly (() => Promise<Endpoint>)[] = [refusedPort, blackHole, silentServer];
    const open = await Promise.all(places.map((make) => make()));
    const asked = open.flatMap(({ port }) =>
      [["request-cert"], ["run"]].map((command) =>
        world.run("agent-cli", [...command, ...HOTFIX, "--signer-url", `http://127.0.0.1:${port}`]),
      ),
    );
    for (const { code, ms } of await Promise.all(asked)) {
      expect(code).toBe(3);
      expect(ms).toBeLessThan(COMMAND_LIMIT_MS);
    }
    await Promise.all(open.map((place) => place.close()));
  });
});

describe("while the signer is down, all reads go on", () => {
  afterEach(() => expect(world.gitops.head()).toBe(head));

  it("broker and revocation are ready", async () => {
    for (const service of ["broker", "revocation"] as const)
      expect((await http(`${world.urls[service]}/readyz`)).status).toBe(200);
  });

  it("the broker observes and shows executions", async () => {
    const observed = await world.agent.observe({ action: "deploy", service: "checkout", region: "us-east-1" });
    expect(observed.status).toBe(200);
    const one = await world.agent.get(`${world.urls.broker}/v1/executions/${payloadOf(executed).jti}`);
    expect(one.body).toMatchObject({ state: "executed", result: { commit: head } });
    const list = await world.agent.get(`${world.urls.broker}/v1/executions`);
    expect(list.body.executions).toHaveLength(1);
  });

  it("the broker verifies, and takes the report that the signer was not reached", async () => {
    const answer = await world.agent.verify(certificate, { operation: OPERATION });
    expect(answer.body).toMatchObject({ verdict: "would_execute", code: null, not_checked: [] });
    const report = await world.agent.verify(undefined, { request: freshId("u_") });
    expect(report.body).toMatchObject({ verdict: "no_certificate_unreachable", code: "certificate_unasked" });
  });

  it("status and revocations are told, and authority can be taken back", async () => {
    const status = () => http(`${world.urls.revocation}/v1/status`);
    const before = Number(payloadOf(String((await status()).body.status)).issued_at_ms);
    await until("the heart goes on beating", async () => {
      const now = payloadOf(String((await status()).body.status));
      return Number(now.issued_at_ms) > before;
    });
    const target = { kind: "action", value: "deploy" };
    expect((await giveOrder(world, { do: "revoke", target })).status).toBe(200);
    const answer = await world.agent.execute(certificate, OPERATION);
    expect(verdict(answer)).toEqual({ status: 403, code: "revoked_action", step: "view" });
    expect((await giveOrderByTwo(world, { do: "lift", target })).status).toBe(200);
  });

  it("the command lines read, verify and audit", async () => {
    const lines = await Promise.all([
      world.run("agent-cli", ["inspect", "--cert", certificate, "--json"]),
      world.run("broker-cli", ["verify", "--cert", certificate, "--param", "replicas=12", "--json"]),
      world.run("broker-cli", ["executions", "--json"]),
      world.run("seb", ["revocations", "--json"]),
      world.run("seb", ["audit", "query", "--writes", "--json"]),
      world.run("seb", ["audit", "verify", "--running", "--json"]),
    ]);
    expect(lines.map(({ code }) => code)).toEqual([0, 0, 0, 0, 0, 0]);
    for (const { ms } of lines) expect(ms).toBeLessThan(COMMAND_LIMIT_MS);
  });
});

describe("what was authorised before the signer stopped", () => {
  it("can still be executed, once, within its window", async () => {
    const answer = await world.agent.execute(certificate, OPERATION);
    expect(answer.body).toMatchObject({ state: "executed", replayed: false });
    expect(world.gitops.head()).not.toBe(head);
    const again = await world.agent.execute(certificate, OPERATION);
    expect(again.body).toMatchObject({ state: "executed", replayed: true, result: answer.body.result });
    expect(world.gitops.head()).toBe((answer.body.result as { commit: string }).commit);
  });

  it("writes go on by themselves when the signer is back", async () => {
    await world.startService("signer");
    await until("the signer is ready", async () => (await http(`${world.urls.signer}/readyz`)).status === 200);
    const fresh = await certify(world, { bounds: { max_replicas: 11 } });
    const operation = { ...OPERATION, parameters: { ...OPERATION.parameters, replicas: 11 } };
    expect((await world.agent.execute(fresh, operation)).body.state).toBe("executed");
    expect(world.gitops.head()).not.toBe(head);
  });
});
