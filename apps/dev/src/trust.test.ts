import { mkdtempSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "@jest/globals";
import type { TrustPayload } from "@seb/schema";
import { signTrust } from "@seb/seal";
import { createLog, systemClock } from "@seb/service-kit";
import { need } from "./failure.js";
import { writeWhole } from "./files.js";
import { layoutOf } from "./layout.js";
import { makeKeys, readDevKey } from "./setup/keys.js";
import { makeTrust } from "./setup/trust.js";
import { holdTrust, type Pins, readPins } from "./trust.js";

const layout = layoutOf(mkdtempSync(join(tmpdir(), "seb-trust-")));
const log = createLog({ name: "test", level: "silent" });
let pins: Pins;
let payload: TrustPayload;

const hold = (service: "signer" | "broker") =>
  holdTrust({ path: layout.trustFile, pins, stateFolder: layout.service(service).state, clock: systemClock, log });

async function install(version: number, owners: readonly ("owner-1" | "owner-2")[]): Promise<void> {
  const keys = await Promise.all(owners.map((owner) => readDevKey(layout, owner)));
  await writeWhole(layout.trustFile, await signTrust({ ...payload, version }, keys));
}

describe("a service's hold on the trust file", () => {
  beforeAll(async () => {
    await makeKeys(layout);
    await makeTrust(layout, Math.floor(Date.now() / 1000));
    pins = need(await readPins(layout.pinsFile), "pins");
    const { payload: encoded } = JSON.parse(await readFile(layout.trustFile, "utf8"));
    payload = JSON.parse(Buffer.from(encoded, "base64url").toString("utf8"));
  });

  it("follows a higher version, and keeps it when a lower one is put back", async () => {
    const held = need(await hold("signer"), "signer");
    expect(held.current().version).toBe(1);
    await install(3, ["owner-1", "owner-2"]);
    expect(await held.refresh()).toMatchObject({ ok: true });
    expect(held.current().version).toBe(3);
    await install(2, ["owner-1", "owner-2"]);
    expect(await held.refresh()).toMatchObject({ error: { code: "trust_rollback" } });
    expect(held.current().version).toBe(3);
    held.stop();
  });

  it("remembers the highest version across a restart, per service", async () => {
    expect(await hold("signer")).toMatchObject({ error: { code: "trust_rollback" } });
    const broker = need(await hold("broker"), "broker");
    expect(broker.current().version).toBe(2);
    broker.stop();
  });

  it("refuses a file that one owner signed alone", async () => {
    await install(4, ["owner-1"]);
    expect(await hold("broker")).toMatchObject({ error: { code: "trust_threshold" } });
  });
});
