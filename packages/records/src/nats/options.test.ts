import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "@jest/globals";
import { type NatsLinkOptions, openNatsLink } from "./index.js";
import { askMonitors } from "./monitor.js";
import { endpointOf } from "./options.js";

const folder = mkdtempSync(join(tmpdir(), "seb-nats-options-"));
afterAll(() => rmSync(folder, { recursive: true }));
function secret(text: string, mode = 0o600): string {
  const path = join(folder, `${text.length}-${mode}`);
  writeFileSync(path, text);
  chmodSync(path, mode);
  return path;
}
const named = { username: "broker-1", passwordFile: secret("hush-hush\n") };
const monitorUrls = ["http://127.0.0.1:8222"];
const near = { urls: ["nats://127.0.0.1"], monitorUrls };

describe("options of the NATS link", () => {
  it("without a monitoring URL know of no server whose answers mean anything: enough for reading only", async () => {
    expect(endpointOf({ ...near, monitorUrls: [] })).toMatchObject({ ok: true, value: { monitorUrls: [] } });
    expect(await askMonitors([], "STORE")).toBeUndefined();
  });

  it.each<[string, NatsLinkOptions]>([
    ["no URL", { urls: [], monitorUrls }],
    ["another scheme", { ...near, urls: ["http://127.0.0.1:4222"] }],
    ["credentials in a URL", { ...near, urls: ["nats://broker:hush@127.0.0.1"] }],
    ["credentials in a monitoring URL", { ...near, monitorUrls: ["http://a:b@127.0.0.1:8222"] }],
    ["TLS for some servers only", { ...near, urls: ["nats://127.0.0.1", "tls://127.0.0.1:4223"] }],
    ["TLS files without TLS", { ...near, tls: { caFile: named.passwordFile } }],
    ["a user without password", { ...near, username: "broker-1" }],
    ["a password that others can read", { ...near, ...named, passwordFile: secret("hush", 0o644) }],
    ["an empty password", { ...near, ...named, passwordFile: secret("\n") }],
    ["a file that is not there", { ...near, ...named, passwordFile: join(folder, "none") }],
  ])("refuse %s", async (_what, options) => {
    expect(await openNatsLink(options)).toMatchObject({ ok: false, error: { code: "setting_invalid" } });
  });

  it("hand user and password to the client, without the newline of the file", async () => {
    expect(endpointOf({ ...near, ...named })).toMatchObject({
      ok: true,
      value: { client: { user: "broker-1", pass: "hush-hush", servers: ["127.0.0.1:4222"], tls: null }, exposed: [] },
    });
  });

  it.each<[NatsLinkOptions, readonly string[]]>([
    [{ urls: ["nats://nats.example"], monitorUrls }, ["nats_plaintext", "nats_anonymous"]],
    [{ urls: ["nats://nats.example"], monitorUrls, ...named }, ["nats_plaintext"]],
    [{ urls: ["tls://nats.example"], monitorUrls }, ["nats_anonymous"]],
    [{ urls: ["tls://nats.example"], monitorUrls: ["http://nats.example:8222"], ...named }, ["nats_monitor_plaintext"]],
  ])("make no connection that is open to others: %j", async (options, reasons) => {
    const link = await openNatsLink(options);
    if (!link.ok) throw new Error(link.error.code);
    expect(link.value.reasons()).toEqual(reasons);
    expect(link.value.connection()).toBeUndefined();
    await link.value.close();
  });
});
