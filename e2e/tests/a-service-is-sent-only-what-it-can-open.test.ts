import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { type SpawnedProcess, spawnProcess } from "@seb/testkit";
import { http } from "../harness/agent.js";
import { READY_FRONT_MAIN } from "../harness/build.js";
import { type Environment, type ServiceName, startEnvironment } from "../harness/environment.js";
import { giveOrder } from "../harness/orders.js";
import { certify, OPERATION, verdict } from "../harness/scene.js";

let world: Environment;
let active: string;
const fronts: SpawnedProcess[] = [];

beforeAll(async () => {
  world = await startEnvironment();
  active = await activeBundle();
});
afterAll(async () => {
  for (const front of fronts) await front.stop("SIGTERM", 5000);
  await world?.cleanup();
});

const activeBundle = async () => String((await http(`${world.urls.revocation}/v1/revocations`)).body.bundle);
const orders = () => world.ledger.of("revocation").filter(({ kind }) => kind === "order" || kind === "activation");

/** A process that stands for an instance of a service that lists this; answers its address. */
async function instance(service: ServiceName, list: string): Promise<string> {
  const front = spawnProcess({
    command: process.execPath,
    args: [READY_FRONT_MAIN, world.urls[service], list],
    env: { PATH: process.env.PATH },
    cwd: world.folder,
    logFile: join(world.folder, `front-${fronts.length}.out`),
  });
  fronts.push(front);
  const [line] = await front.waitForLine(/^\{"url".*$/, 10_000);
  return JSON.parse(line).url;
}

/** Activates the bundle that is active, which needs no policy tests. */
async function activateAgain(...flags: string[]) {
  const digest = active.slice("sha256:".length, "sha256:".length + 16);
  const args = ["policy", "rollback", digest, "--reason", "a test", ...flags, "--json"];
  const { code, stdout, stderr } = await world.run("seb", args);
  return { exit: code, body: JSON.parse(stdout), stderr };
}

describe("a service is sent only what it can open", () => {
  it.each(["signer", "broker", "revocation"] as const)("the %s lists what it opens", async (service) => {
    const { status, body } = await http(`${world.urls[service]}/readyz`);
    expect(status).toBe(200);
    expect(body).toMatchObject({ status: "ready", wire: [1], opens: { "seb-record+jws": [1], bundle: [1] } });
  });

  it("an activation carries the generation that writers may emit, as both operators signed it", async () => {
    const urls = ["--signer-url", world.urls.signer, "--broker-url", world.urls.broker];
    expect(await activateAgain(...urls)).toMatchObject({ exit: 0 });
    const [first, second] = orders().slice(-2);
    expect(first).toMatchObject({ kind: "order", body: { stage: "waits", order: { do: "activate", wire: 1 } } });
    expect(second).toMatchObject({ kind: "activation", body: { order: { do: "activate", wire: 1 } } });
  });

  it.each([
    ["a signer that lists less", "signer", "[]"],
    ["a signer that lists another", "signer", "[2]"],
    ["a broker that lists less", "broker", "[]"],
    ["a broker that says nothing, as commit f5082e2 does", "broker", "none"],
  ] as const)("%s refuses the activation, before any operator signs", async (_what, service, list) => {
    const before = orders().length;
    const url = await instance(service, list);
    const { exit, body } = await activateAgain(`--${service}-url`, url);
    expect({ exit, code: body.code, facts: body.facts }).toMatchObject({
      exit: 1,
      code: "wire_not_opened",
      facts: { service, url, needed: 1 },
    });
    expect(orders()).toHaveLength(before);
    expect(await activeBundle()).toBe(active);
  });

  it("one of several brokers is enough to refuse", async () => {
    const before = orders().length;
    const older = await instance("broker", "[]");
    const { exit, body } = await activateAgain("--broker-url", world.urls.broker, "--broker-url", older);
    expect({ exit, code: body.code, url: body.facts.url }).toEqual({ exit: 1, code: "wire_not_opened", url: older });
    expect(orders()).toHaveLength(before);
  });

  it("a service that cannot be asked refuses it too, unless the operator leaves it out by name", async () => {
    const front = await instance("broker", "[1]");
    await fronts.at(-1)?.stop("SIGTERM", 5000);
    const before = orders().length;
    const { exit, body } = await activateAgain("--broker-url", front);
    expect({ exit, code: body.code }).toEqual({ exit: 3, code: "unreachable" });
    expect(body.remedy).toContain("--without broker");
    expect(orders()).toHaveLength(before);
    const without = await activateAgain("--broker-url", front, "--without", "broker");
    expect(without.exit).toBe(0);
    expect(without.stderr).toContain("the broker does not answer");
    expect((await activateAgain("--without", "kernel")).exit).toBe(2);
  });

  it("what a service says of itself, --without does not override", async () => {
    const front = await instance("broker", "[]");
    const before = orders().length;
    const { exit, body } = await activateAgain("--broker-url", front, "--without", "broker");
    expect({ exit, code: body.code }).toEqual({ exit: 1, code: "wire_not_opened" });
    expect(orders()).toHaveLength(before);
  });

  it("the revocation service takes no order for a generation that it does not open", async () => {
    const before = orders().length;
    for (const wire of [2, 0, undefined])
      expect(verdict(await giveOrder(world, { do: "activate", bundle: active, wire }))).toMatchObject({
        status: 400,
        code: "order_invalid",
      });
    expect(orders()).toHaveLength(before);
  });

  it("and the environment works on", async () => {
    const done = await world.agent.execute(await certify(world), OPERATION);
    expect(done).toMatchObject({ status: 200, body: { state: "executed" } });
  });
});
