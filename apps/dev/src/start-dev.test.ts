import { mkdtempSync } from "node:fs";
import { readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "@jest/globals";
import { holdTrust, readPins } from "@seb/mounts";
import { verifyChains } from "@seb/records";
import { createFileHeads, createFileSink } from "@seb/records/embedded";
import { createLog, systemClock } from "@seb/service-kit";
import { need } from "./failure.js";
import { layoutOf, SERVICES } from "./layout.js";
import { runGit } from "./setup/gitops.js";
import { type Dev, startDev } from "./start-dev.js";

const root = mkdtempSync(join(tmpdir(), "seb-dev-"));
const folder = join(root, ".seb");
const layout = layoutOf(folder);
let dev: Dev | undefined;

async function status(url: string): Promise<number> {
  try {
    return (await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(2000) })).status;
  } catch {
    return 0;
  }
}

async function until(holds: () => Promise<boolean>, timeoutMs: number): Promise<boolean> {
  for (const endMs = performance.now() + timeoutMs; performance.now() < endMs; ) {
    if (await holds()) return true;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return false;
}

async function verdicts(): Promise<readonly string[]> {
  const pins = need(await readPins(layout.pinsFile), "pins");
  const log = createLog({ name: "test", level: "silent" });
  const held = need(
    await holdTrust({ path: layout.trustFile, pins, stateFolder: join(root, "auditor"), clock: systemClock, log }),
    "trust",
  );
  const found: string[] = [];
  for (const name of SERVICES) {
    const { records, heads } = layout.service(name);
    const sources = { sink: createFileSink({ folder: records }), heads: createFileHeads({ folder: heads }) };
    found.push((await verifyChains({ ...sources, trust: held.current() })).verdict);
  }
  held.stop();
  return found;
}

describe("dev: three services in one process", () => {
  afterAll(async () => {
    await dev?.stop();
    await rm(root, { recursive: true, force: true });
  });

  it("makes everything on the first start, activates the control folder, and every service is ready", async () => {
    dev = await startDev({ folder });
    expect(dev.activated).toMatch(/^sha256:[0-9a-f]{64}$/);
    expect(await Promise.all(Object.values(dev.urls).map(status))).toEqual([200, 200, 200]);
    const history = await runGit([`--git-dir=${layout.gitops}`, "log", "--format=%s", "main"]);
    expect(history.trim().split("\n")).toEqual(["Deploy build 2", "Deploy build 1"]);
    const { control } = JSON.parse(await readFile(layout.devFile, "utf8"));
    expect(control).toEqual(dev.control);
  }, 15_000);

  it("refuses a second process in the same folder", async () => {
    await expect(startDev({ folder })).rejects.toMatchObject({ failure: { code: "store_unavailable" } });
  }, 15_000);

  it("stops and starts one service while the others go on", async () => {
    const running = dev;
    if (running === undefined) throw new Error("not started");
    const control = (method: string, path: string, token = running.control.token) =>
      fetch(`${running.control.url}${path}`, { method, headers: { authorization: `Bearer ${token}` } });
    expect((await control("POST", "/v1/services/signer/stop", "x".repeat(43))).status).toBe(401);
    expect((await control("POST", "/v1/services/kernel/stop")).status).toBe(404);
    expect((await control("POST", "/v1/services/signer/stop")).status).toBe(200);
    expect(running.states().signer.state).toBe("stopped");
    expect([await status(running.urls.signer), await status(running.urls.broker)]).toEqual([0, 200]);
    await running.startService("signer");
    expect(await until(async () => (await status(running.urls.signer)) === 200, 5000)).toBe(true);
  }, 15_000);

  it("refuses everything within seconds of the revocation service's end, and recovers alone", async () => {
    const running = dev;
    if (running === undefined) throw new Error("not started");
    await running.stopService("revocation");
    expect(await until(async () => (await status(running.urls.broker)) === 503, 4000)).toBe(true);
    await running.startService("revocation");
    expect(await until(async () => (await status(running.urls.broker)) === 200, 5000)).toBe(true);
  }, 15_000);

  it("closes its chains when it stops, and continues them on the next start", async () => {
    await dev?.stop();
    expect(await verdicts()).toEqual(["verified", "verified", "verified"]);
    const urls = dev?.urls;
    dev = await startDev({ folder });
    expect(dev.urls).toEqual(urls);
    expect(dev.activated).toBeUndefined();
    await dev.stop();
    expect(await verdicts()).toEqual(["verified", "verified", "verified"]);
  }, 15_000);
});
