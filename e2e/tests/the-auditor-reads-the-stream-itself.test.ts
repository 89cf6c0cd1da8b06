import { cpSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "@jest/globals";
import { refusedPort } from "@seb/testkit";
import type { Environment } from "../harness/environment.js";
import { payloadOf } from "../harness/json.js";
import { startRealEnvironment } from "../harness/real-environment.js";
import { auditFlags, auditPassword } from "../harness/real-settings.js";
import { certify, OPERATION } from "../harness/scene.js";
import type { RealParts } from "../harness/world.js";

// Always over real servers: embedded records are files, which the auditor reads from a folder.
let world: Environment;
let real: RealParts;
let certId: unknown;
let saved: string;
beforeAll(async () => {
  world = await startRealEnvironment();
  if (world.real === undefined) throw new Error("no servers");
  real = world.real;
});
afterAll(() => world?.cleanup());

/** `seb audit`, reading from NATS as the user that may read and nothing else. */
async function audit(args: readonly string[], change: { url?: string; password?: string } = {}) {
  const passwordFile = change.password ?? auditPassword(real.deployed);
  const place = auditFlags(world.seb, { url: change.url ?? real.nats.url, passwordFile });
  const ran = await world.run("seb", ["audit", ...args, ...place, "--json"]);
  return { code: ran.code, value: JSON.parse(ran.stdout) };
}

it("answers who did what under which policy, while the services run", async () => {
  const certificate = await certify(world);
  expect(await world.agent.execute(certificate, OPERATION)).toMatchObject({ body: { state: "executed" } });
  certId = payloadOf(certificate).jti;
  const month = new Date().toISOString().slice(0, 7);
  const asked = ["query", "--month", month, "--policy", "auto-low-risk-v2", "--writes"];
  expect(await audit(asked)).toMatchObject({
    code: 0,
    value: { rows: [{ cert_id: certId, state: "executed", subject: "agent:oncall-v3", broker: "broker-1" }] },
  });
});

it("verifies every chain of the stream against the copied heads", async () => {
  await world.stop();
  await real.nats.kill9();
  saved = join(world.folder, "nats-before");
  cpSync(real.nats.dataDir, saved, { recursive: true });
  await real.nats.restart();
  const { code, value } = await audit(["verify"]);
  expect({ code, verdict: value.verdict }).toEqual({ code: 0, verdict: "verified" });
  const writers = value.chains.map(({ writer }: { writer: string }) => writer).sort();
  expect(writers).toEqual(["broker-1", "revocation-1", "signer-1"]);
});

it("finds a stream that was set back to an earlier copy of its files", async () => {
  await world.start();
  expect(await world.agent.execute(await certify(world), OPERATION)).toMatchObject({ status: 200 });
  await world.stop();
  expect(await audit(["verify"])).toMatchObject({ code: 0 });
  await real.nats.kill9();
  rmSync(real.nats.dataDir, { recursive: true });
  cpSync(saved, real.nats.dataDir, { recursive: true });
  await real.nats.restart();
  const { code, value } = await audit(["verify"]);
  expect({ code, said: value.code }).toEqual({ code: 1, said: "records_broken" });
});

it("says that it could not ask: no server there, or a password that nobody has", async () => {
  const place = await refusedPort();
  expect(await audit(["verify"], { url: `nats://127.0.0.1:${place.port}` })).toMatchObject({
    code: 3,
    value: { code: "unreachable" },
  });
  await place.close();
  const password = join(world.folder, "wrong.password");
  writeFileSync(password, "nobody's", { mode: 0o600 });
  expect(await audit(["query"], { password })).toMatchObject({ code: 3, value: { code: "unreachable" } });
});
