import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "@jest/globals";
import { codeOf, value } from "../contract/subject.js";
import { openRedisStore, type RedisStoreOptions } from "./index.js";
import { endpointOf } from "./options.js";

const folder = mkdtempSync(join(tmpdir(), "seb-redis-options-"));
afterAll(() => rmSync(folder, { recursive: true }));
function secret(text: string, mode = 0o600): string {
  const path = join(folder, `${text.length}-${mode}`);
  writeFileSync(path, text);
  chmodSync(path, mode);
  return path;
}
const named = { username: "broker", passwordFile: secret("hush-hush\n") };

describe("options of the Redis store", () => {
  it.each<[string, RedisStoreOptions]>([
    ["no URL", { url: "redis" }],
    ["another scheme", { url: "http://127.0.0.1:6379" }],
    ["credentials in the URL", { url: "redis://broker:hush@127.0.0.1:6379" }],
    ["a database in the URL", { url: "redis://127.0.0.1:6379/2" }],
    ["a user without password", { url: "redis://127.0.0.1", username: "broker" }],
    ["a password without user", { url: "redis://127.0.0.1", passwordFile: named.passwordFile }],
    ["a password that others can read", { url: "redis://127.0.0.1", ...named, passwordFile: secret("hush", 0o640) }],
    ["an empty password", { url: "redis://127.0.0.1", ...named, passwordFile: secret("\n") }],
    ["a file that is not there", { url: "redis://127.0.0.1", ...named, passwordFile: join(folder, "none") }],
    ["TLS files without TLS", { url: "redis://127.0.0.1", tls: { caFile: named.passwordFile } }],
  ])("refuse %s", async (_what, options) => {
    expect(codeOf(await openRedisStore(options))).toBe("setting_invalid");
  });

  it("hand user and password to the client, without the newline of the file", async () => {
    const { client, exposed } = value(endpointOf({ url: "redis://127.0.0.1", ...named }));
    expect(client).toMatchObject({ username: "broker", password: "hush-hush", host: "127.0.0.1", port: 6379 });
    expect(exposed).toEqual([]);
  });

  it.each<[RedisStoreOptions, readonly string[]]>([
    [{ url: "redis://redis.example:6379" }, ["store_plaintext", "store_anonymous"]],
    [{ url: "redis://redis.example:6379", ...named }, ["store_plaintext"]],
    [{ url: "rediss://redis.example:6379" }, ["store_anonymous"]],
    [{ url: "redis://10.0.0.7" }, ["store_plaintext", "store_anonymous"]],
  ])("make no connection that is open to others: %j", async (options, reasons) => {
    const store = value(await openRedisStore(options));
    expect(store.health()).toEqual(reasons);
    expect(codeOf(await store.admission.lookup("c"))).toBe("store_unavailable");
    await store.close();
  });
});
