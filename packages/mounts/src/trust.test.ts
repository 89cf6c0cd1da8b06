import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "@jest/globals";
import { generateKeyFile, type KeyFile, publicOf, signTrust } from "@seb/seal";
import { createLog, need, systemClock } from "@seb/service-kit";
import { exists, writeWhole } from "./files.js";
import { checkTrustFile, holdTrust } from "./trust.js";

const folder = mkdtempSync(join(tmpdir(), "seb-trust-"));
const path = join(folder, "trust.json");
const log = createLog({ name: "test", level: "silent" });
const nowSeconds = Math.floor(Date.now() / 1000);
let owners: readonly KeyFile[];
let record: KeyFile;

const place = (service: string) => ({
  path,
  pins: { owners: owners.map((owner) => publicOf(owner).kid), threshold: 2 },
  stateFolder: join(folder, service),
  clock: systemClock,
});
const hold = (service: string) => holdTrust({ ...place(service), log });

async function install(version: number, by: readonly KeyFile[] = owners): Promise<void> {
  const payload = {
    ver: 1 as const,
    version,
    iat: nowSeconds,
    exp: nowSeconds + 3600,
    owners: owners.map((owner) => publicOf(owner).jwk),
    keys: [
      {
        ...publicOf(record),
        role: "record" as const,
        name: record.name,
        aud: "env:test",
        nbf: nowSeconds,
        exp: nowSeconds + 3600,
      },
    ],
  };
  await writeWhole(path, await signTrust(payload, by));
}

describe("a service's hold on the trust file", () => {
  beforeAll(async () => {
    owners = [await generateKeyFile("owner", "owner-1"), await generateKeyFile("owner", "owner-2")];
    record = await generateKeyFile("record", "signer-1");
    await install(1);
  });

  it("follows a higher version, and keeps it when a lower one is put back", async () => {
    const held = need(await hold("signer"), "signer");
    expect(held.current().version).toBe(1);
    await install(3);
    expect(await held.refresh()).toMatchObject({ ok: true });
    expect(held.current().version).toBe(3);
    await install(2);
    expect(await held.refresh()).toMatchObject({ error: { code: "trust_rollback" } });
    expect(held.current().version).toBe(3);
    held.stop();
  });

  it("remembers the highest version across a restart, per service", async () => {
    expect(await hold("signer")).toMatchObject({ error: { code: "trust_rollback" } });
    expect(await checkTrustFile(place("signer"))).toMatchObject({ error: { code: "trust_rollback" } });
    const broker = need(await hold("broker"), "broker");
    expect(broker.current().version).toBe(2);
    broker.stop();
  });

  it("leaves nothing behind when it only checks", async () => {
    expect(await checkTrustFile(place("revocation"))).toMatchObject({ ok: true });
    expect(await exists(join(folder, "revocation"))).toBe(false);
  });

  it("refuses a file that one owner signed alone", async () => {
    await install(4, owners.slice(0, 1));
    expect(await hold("broker")).toMatchObject({ error: { code: "trust_threshold" } });
  });
});
