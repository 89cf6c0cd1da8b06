import { chmodSync, copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "@jest/globals";
import { testCertificates } from "@seb/testkit";
import { readTls, type TlsFiles } from "./tls.js";

const folder = mkdtempSync(join(tmpdir(), "seb-tls-"));
const pki = testCertificates(join(folder, "pki"));
const other = testCertificates(join(folder, "other"));
afterAll(() => rmSync(folder, { recursive: true }));
function file(name: string, content: string): string {
  const path = join(folder, name);
  writeFileSync(path, content, { mode: 0o600 });
  return path;
}
const text = (path: string) => readFileSync(path, "utf8");

describe("files for TLS", () => {
  it("may all be absent", () => {
    expect(readTls({})).toEqual({ ok: true, value: {} });
  });

  it("are read as they are", () => {
    const files = { caFile: pki.caFile, certFile: pki.clientCertFile, keyFile: pki.clientKeyFile };
    expect(readTls(files)).toEqual({
      ok: true,
      value: { ca: text(files.caFile), cert: text(files.certFile), key: text(files.keyFile) },
    });
    const both = file("both.pem", text(pki.caFile) + text(other.caFile));
    expect(readTls({ caFile: both }).ok).toBe(true);
  });

  const pem = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
  const openKey = join(folder, "open.key");
  copyFileSync(pki.clientKeyFile, openKey);
  chmodSync(openKey, 0o640);
  const client = { certFile: pki.clientCertFile, keyFile: pki.clientKeyFile };
  it.each<[string, TlsFiles, string, keyof TlsFiles]>([
    ["a certificate without its key", { certFile: pki.clientCertFile }, "setting_invalid", "keyFile"],
    ["a key without its certificate", { keyFile: pki.clientKeyFile }, "setting_invalid", "keyFile"],
    ["another certificate's key", { ...client, keyFile: other.clientKeyFile }, "setting_invalid", "keyFile"],
    ["a key that others can read", { ...client, keyFile: openKey }, "setting_invalid", "keyFile"],
    ["text instead of authorities", { caFile: file("text", "not a certificate\n") }, "setting_invalid", "caFile"],
    ["PEM of something that is no certificate", { caFile: file("pem", pem) }, "setting_invalid", "caFile"],
    [
      "a good authority before a bad one",
      { caFile: file("half", text(pki.caFile) + pem) },
      "setting_invalid",
      "caFile",
    ],
    ["a key as authority", { caFile: pki.clientKeyFile }, "setting_invalid", "caFile"],
    ["an empty certificate", { ...client, certFile: file("empty", "") }, "setting_invalid", "certFile"],
    ["authorities that are not there", { caFile: join(folder, "none") }, "setting_missing", "caFile"],
  ])("refuse %s", (_what, files, code, at) => {
    expect(readTls(files)).toMatchObject({ ok: false, error: { code }, at });
  });
});
