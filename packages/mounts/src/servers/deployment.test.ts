import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "@jest/globals";
import { tempDir, testCertificates } from "@seb/testkit";
import { checkDeployed, deploymentOf } from "./deployment.js";
import type { Deployment } from "./settings.js";

const dir = tempDir();
afterAll(() => dir.cleanup());
const at = (path: string) => join(dir.path, path);
const pki = testCertificates(at("pki"));
const other = testCertificates(at("other"));

function file(name: string, text: string, mode = 0o600): string {
  writeFileSync(at(name), text, { mode });
  return name;
}
const password = file("password", "hush-hush\n");
const empty = file("empty", "\n");
const text = file("text", "not a certificate\n");
const broken = file("broken", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
mkdirSync(at("folder"));
symlinkSync("folder", at("link-to-folder"));
symlinkSync("text", at("link-to-file"));
symlinkSync("nothing", at("link-to-nothing"));
symlinkSync("link-to-itself", at("link-to-itself"));

const user = { username: "signer", password_file: password };
const redis: Deployment["redis"] = { url: "redis://127.0.0.1:6379", min_replicas: 0, ...user };
const nats: Deployment["nats"] = {
  servers: ["nats://127.0.0.1:4222"],
  monitor_urls: ["http://127.0.0.1:8222"],
  ...user,
};
const secureRedis = { ...redis, url: "rediss://127.0.0.1:6379" };
const secureNats = { ...nats, servers: ["tls://127.0.0.1:4222"], monitor_urls: ["https://127.0.0.1:8222"] };
const client = { cert_file: pki.clientCertFile, key_file: pki.clientKeyFile };
const records = { stream: "SEB_RECORDS", reserve_bytes: 0, heads_folder: "heads" };
const fine: Deployment = {
  trust: { file: "trust.json", owners: ["A".repeat(43)], threshold: 1 },
  redis,
  nats,
  records,
  state_folder: "state",
  bundles_folder: "folder",
};
const pathOf = (path: string) => (path.startsWith("/") ? path : at(path));
const looked = (change: Partial<Deployment>) => deploymentOf({ config: { ...fine, ...change }, at: pathOf });

describe("what a deployment gives", () => {
  it.each<[string, Partial<Deployment>]>([
    ["plain and near", {}],
    ["by TLS", { redis: { ...secureRedis, ca_file: pki.caFile }, nats: { ...secureNats, ca_file: pki.caFile } }],
    ["by client certificates", { redis: { ...secureRedis, ...client }, nats: { ...secureNats, ...client } }],
    ["with folders to make, behind a link too", { state_folder: "link-to-folder/a/b" }],
    ["with folders that are there", { state_folder: "folder", records: { ...records, heads_folder: "folder" } }],
  ])("is taken %s", async (_how, change) => {
    expect(await looked(change)).toMatchObject({ ok: true });
  });

  it.each<[string, Partial<Deployment>]>([
    ["/redis/url", { redis: { ...redis, ca_file: pki.caFile } }],
    ["/nats/servers", { nats: { ...nats, ca_file: pki.caFile } }],
    ["/nats/servers", { nats: { ...nats, servers: ["nats://127.0.0.1:4222", "tls://127.0.0.1:4223"] } }],
    ["/redis/password_file", { redis: { ...redis, password_file: empty } }],
    ["/nats/password_file", { nats: { ...nats, password_file: empty } }],
    ["/redis/ca_file", { redis: { ...secureRedis, ca_file: text } }],
    ["/redis/ca_file", { redis: { ...secureRedis, ca_file: broken } }],
    ["/nats/ca_file", { nats: { ...secureNats, ca_file: text } }],
    ["/nats/cert_file", { nats: { ...secureNats, ...client, cert_file: text } }],
    ["/nats/key_file", { nats: { ...secureNats, ...client, key_file: other.clientKeyFile } }],
    ["/redis/key_file", { redis: { ...secureRedis, cert_file: pki.clientCertFile } }],
    ["/records/heads_folder", { records: { ...records, heads_folder: text } }],
    ["/records/heads_folder", { records: { ...records, heads_folder: `${text}/heads` } }],
    ["/state_folder", { state_folder: text }],
    ["/state_folder", { state_folder: `${text}/a/b/state` }],
    ["/state_folder", { state_folder: "link-to-file/state" }],
    ["/state_folder", { state_folder: "link-to-nothing" }],
    ["/state_folder", { state_folder: "link-to-nothing/state" }],
    ["/state_folder", { state_folder: "link-to-itself" }],
  ])("is refused for what no waiting mends: %s", async (pointer, change) => {
    expect(await looked(change)).toMatchObject({ ok: false, error: { code: "setting_invalid", pointer } });
  });

  it.each<[string, Partial<Deployment>]>([
    ["/redis/url", { redis: { ...redis, url: "redis://redis.example:6379" } }],
    ["/redis/url", { redis: { url: "rediss://redis.example:6379", min_replicas: 0 } }],
    ["/nats/servers", { nats: { ...nats, servers: ["nats://nats.example:4222"] } }],
    ["/nats/servers", { nats: { ...secureNats, monitor_urls: ["http://nats.example:8222"] } }],
  ])("is called wrong where a service would never be ready: %s", async (pointer, change) => {
    const given = await looked(change);
    if (!given.ok) throw new Error(given.error.detail);
    expect(await checkDeployed(given.value)).toMatchObject({ ok: false, error: { code: "setting_invalid", pointer } });
  });
});
