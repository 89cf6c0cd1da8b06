import { afterAll, beforeAll, describe, expect, it, jest } from "@jest/globals";
import { proof } from "../harness/agent.js";
import { control } from "../harness/control-endpoint.js";
import { type Environment, startEnvironment, until } from "../harness/environment.js";
import { forge } from "../harness/forge.js";
import { digest, payloadOf } from "../harness/json.js";
import { certify, hotfix, OPERATION, verdict } from "../harness/scene.js";

let world: Environment;
const machineNow = Date.now.bind(Date);
let wallMs = 0;
let monotonicMs = 0;

/**
 * Moves the clocks of the services by so much, and the agent's wall clock with them. After a jump back it waits for the next second: a
 * service refuses proofs as old as the youngest that it forgot while its clock was ahead, and proofs say whole seconds.
 */
async function move(wall: number, monotonic = wall): Promise<void> {
  wallMs += wall;
  monotonicMs += monotonic;
  world.clock?.set(wallMs, monotonicMs);
  const settleMs = wall < 0 ? 1000 - (Date.now() % 1000) : 0;
  await new Promise((resolve) => setTimeout(resolve, settleMs + 40));
}
const moveTo = (timeMs: number) => move(timeMs - Date.now());

beforeAll(async () => {
  jest.spyOn(Date, "now").mockImplementation(() => machineNow() + wallMs);
  world = await startEnvironment({ clock: true });
});
afterAll(() => world?.cleanup());

const seconds = () => Math.floor(Date.now() / 1000);
/** A certificate with a window of its own. */
const windowed = async (iat: number, nbf: number, exp: number) => forge(world, await certify(world), { iat, nbf, exp });
const verification = async (certificate: string) => {
  const { verdict, code, step } = (await world.agent.verify(certificate, { operation: OPERATION })).body;
  return { verdict, code, step };
};
const WOULD_EXECUTE = { verdict: "would_execute", code: null, step: null };
/** The services are sure again: a new certificate would be executed. */
const sure = () =>
  until("the services are sure again", async () => {
    const asked = await world.agent.request(hotfix(world)).catch(() => undefined);
    return asked?.status === 201 && (await verification(String(asked.body.certificate))).code === null;
  });
/** The broker holds a fresh status again. */
const fresh = () =>
  until("the status is fresh", async () => (await fetch(`${world.urls.broker}/readyz`)).status === 200);

async function refusedAtWindow(certificate: string, code: string): Promise<void> {
  const head = world.gitops.head();
  expect(verdict(await world.agent.execute(certificate, OPERATION))).toEqual({ status: 401, code, step: "window" });
  expect(await verification(certificate)).toEqual({ verdict: "would_refuse", code, step: "window" });
  expect(world.gitops.head()).toBe(head);
}

describe("outside its window a certificate is refused", () => {
  it("executes until the end, and not a moment longer: the end has no tolerance", async () => {
    const certificate = await certify(world);
    const endMs = Number(payloadOf(certificate).exp) * 1000;
    await moveTo(endMs - 5000);
    await fresh();
    expect(await verification(certificate)).toEqual(WOULD_EXECUTE);
    await moveTo(endMs + 20);
    await refusedAtWindow(certificate, "expired");
    await moveTo(endMs + 3_600_000);
    await refusedAtWindow(certificate, "expired");
    await sure();
  });

  it("waits for its beginning", async () => {
    const start = seconds() + 30;
    const certificate = await windowed(seconds(), start, start + 60);
    await refusedAtWindow(certificate, "not_yet_valid");
    await moveTo(start * 1000 + 100);
    await fresh();
    expect((await world.agent.execute(certificate, OPERATION)).body).toMatchObject({ state: "executed" });
  });

  it("tolerates two seconds between the signer's clock and its own, not four", async () => {
    const now = seconds();
    expect(await verification(await windowed(now + 1, now + 1, now + 60))).toEqual(WOULD_EXECUTE);
    const later = seconds() + 4;
    await refusedAtWindow(await windowed(later, later, later + 60), "issued_in_future");
    const soon = seconds();
    await refusedAtWindow(await windowed(soon, soon + 4, soon + 60), "not_yet_valid");
  });

  it("refuses what lives longer than the broker allows, though it is inside its window", async () => {
    const now = seconds();
    expect(await verification(await windowed(now, now, now + 120))).toEqual(WOULD_EXECUTE);
    await refusedAtWindow(await windowed(now, now, now + 121), "lifetime_too_long");
    await refusedAtWindow(await windowed(now, now - 31, now + 90), "lifetime_too_long");
  });

  it("issues nothing for an observation that has ended", async () => {
    const seen = await world.agent.observe({ action: "deploy", service: "checkout", region: "us-east-1" });
    await move(61_000);
    await fresh();
    const asked = await world.agent.request(hotfix(world), { observation: String(seen.body.observation) });
    expect(verdict(asked)).toMatchObject({ status: 403, code: "observation_expired" });
  });
});

describe("a broker that was paused until the window had closed sends nothing", () => {
  /** Where it is paused, and by which of its clocks the window closes. */
  const PAUSES = [
    ["guard", "wall", 12_000, 0],
    ["guard", "monotonic", 0, 12_000],
    ["execute", "wall", 12_000, 0],
    ["execute", "monotonic", 0, 12_000],
  ] as const;
  it.each(PAUSES)("paused before %s, closed by the %s clock", async (step, _clock, wall, monotonic) => {
    await world.stop();
    await world.start({ step, when: "before", do: "pause" });
    const now = seconds();
    const certificate = await windowed(now, now, now + 10);
    const certId = String(payloadOf(certificate).jti);
    const head = world.gitops.head();
    const body = { ...OPERATION, parameters: { ...OPERATION.parameters, replicas: 3 } };
    const pending = world.agent.execute(certificate, body);
    await until("the failpoint is reached", () => world.reached());
    await move(wall, monotonic);
    await fresh();
    world.resume();

    expect(verdict(await pending)).toEqual({ status: 401, code: "expired", step: "execute" });
    expect(world.gitops.head()).toBe(head);
    expect(world.gitops.refs().filter((ref) => ref.includes(certId))).toEqual([]);
    const outcomes = world.ledger.find("broker", "outcome", { cert_id: certId });
    expect(outcomes.map(({ body: { state, code } }) => ({ state, code }))).toEqual([
      { state: "not_executed", code: "expired" },
    ]);
    // The guard itself said so, or let it pass before the pause.
    const metrics = await (await fetch(`${world.urls.broker}/metrics`)).text();
    expect(metrics).toMatch(/^seb_step_duration_seconds_count\{(?=.*step="guard")/m);
    expect(/^seb_step_duration_seconds_count\{(?=.*step="guard")(?=.*code="expired").*\} 1$/m.test(metrics)).toBe(
      step === "guard",
    );
    const again = await world.agent.execute(certificate, body);
    expect(verdict(again)).toMatchObject({ status: 401, code: "expired" });
    expect(world.gitops.head()).toBe(head);
  });
});

describe("when a clock jumps by an hour", () => {
  const HOUR = 3_600_000;
  beforeAll(async () => {
    await world.stop();
    await world.start();
    await sure();
  });

  /**
   * Stops the revocation service, so that nobody says again what holds. Its last word must still count, or else the jump would prove
   * nothing; on a slow machine it may have grown too old meanwhile.
   */
  async function silence(): Promise<string> {
    for (let left = 5; ; left -= 1) {
      const honest = await certify(world);
      expect((await control(world, "revocation", "stop")).status).toBe(200);
      const found = await verification(honest);
      if (found.code === null || left === 0) {
        expect(found).toEqual(WOULD_EXECUTE);
        return honest;
      }
      expect((await control(world, "revocation", "start")).status).toBe(200);
      await sure();
    }
  }

  const JUMPS = [
    ["the wall clock ahead", HOUR, 0],
    ["the monotonic clock ahead", 0, HOUR],
    ["the wall clock back", -HOUR, 0],
    ["the monotonic clock back", 0, -HOUR],
  ] as const;
  it.each(JUMPS)("%s: refuses while unsure, recovers alone when sure", async (_name, wall, monotonic) => {
    const honest = await silence();
    await move(wall, monotonic);
    const now = seconds();
    const certificate = await forge(world, honest, { iat: now, nbf: now, exp: now + 90 });
    const head = world.gitops.head();
    const refusal = { status: 503, code: "status_stale" };
    expect(verdict(await world.agent.execute(certificate, OPERATION))).toEqual({ ...refusal, step: "view" });
    expect(await verification(certificate)).toEqual({ verdict: "would_refuse", code: "status_stale", step: "view" });
    const seen = await world.agent.observe({ action: "deploy", service: "checkout", region: "us-east-1" });
    expect(verdict(seen)).toMatchObject(refusal);
    expect(verdict(await world.agent.request(hotfix(world), { observation: "a".repeat(43) }))).toMatchObject(refusal);
    expect((await fetch(`${world.urls.broker}/readyz`)).status).toBe(503);
    expect((await fetch(`${world.urls.signer}/readyz`)).status).toBe(503);
    expect(world.gitops.head()).toBe(head);

    expect((await control(world, "revocation", "start")).status).toBe(200);
    await sure();
    expect((await world.agent.execute(await certify(world), OPERATION)).body).toMatchObject({ state: "executed" });
  });

  it("ahead: what was issued before has ended; new certificates work without anybody's help", async () => {
    const before = await certify(world);
    await move(HOUR, 0);
    await refusedAtWindow(before, "expired");
    await sure();
    expect((await world.agent.execute(await certify(world), OPERATION)).body).toMatchObject({ state: "executed" });
  });

  it("back: what was issued before is from the future; new certificates work without anybody's help", async () => {
    const before = await certify(world);
    await move(-HOUR, 0);
    await refusedAtWindow(before, "issued_in_future");
    await sure();
    expect((await world.agent.execute(await certify(world), OPERATION)).body).toMatchObject({ state: "executed" });
  });

  it("ahead and back again: neither a used certificate, nor its proof, nor an unused one comes to life again", async () => {
    const [used, unused] = [await certify(world), await certify(world)];
    const url = `${world.urls.broker}/v1/executions`;
    const op = digest("seb-op-v1", OPERATION);
    const captured = await proof(world.key("agent"), { url, op, certificate: used });
    const first = await world.agent.execute(used, OPERATION, { proof: captured });
    expect(first.body).toMatchObject({ state: "executed" });
    await move(HOUR, 0);
    await sure();
    // Taken an hour later: the store may forget by now what had ended by then.
    await world.agent.execute(await certify(world), OPERATION);
    await move(-HOUR, 0);
    await sure();
    const head = world.gitops.head();
    expect(verdict(await world.agent.execute(used, OPERATION, { proof: captured }))).toEqual({
      status: 401,
      code: "proof_replayed",
      step: "possession",
    });
    const other = { ...OPERATION, parameters: { ...OPERATION.parameters, replicas: 2 } };
    expect(verdict(await world.agent.execute(used, other))).toEqual({
      status: 409,
      code: "already_used",
      step: "replay",
    });
    expect(verdict(await world.agent.execute(unused, OPERATION))).toEqual({
      status: 403,
      code: "epoch_stale",
      step: "view",
    });
    expect(world.gitops.head()).toBe(head);
  });
});
