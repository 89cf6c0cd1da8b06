import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { isIPv4 } from "node:net";
import { join } from "node:path";
import * as der from "./der.js";
import type { TlsFiles } from "./tls-files.js";

const ecdsaWithSha256 = der.sequence(der.objectId("1.2.840.10045.4.3.2"));
const dayMs = 86_400_000;

/** A certificate authority for one test run, with one server and one client certificate, as PEM files. */
export interface TestCertificates extends Required<Omit<TlsFiles, "verifyClients">> {
  /** Makes one more client certificate, whose common name is `name`. */
  client(name: string): { certFile: string; keyFile: string };
}

/**
 * Writes certificates for loopback servers into `dir` (made if absent): P-256 keys, valid for a day around now.
 * @param hosts  DNS names and IPv4 addresses the server certificate is for.
 */
export function testCertificates(dir: string, hosts: readonly string[] = ["localhost", "127.0.0.1"]): TestCertificates {
  mkdirSync(dir, { recursive: true });
  const authority = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const issuer = nameOf("seb test authority");
  const issue = (file: string, name: string, publicKey: KeyObject, extensions: readonly Buffer[]) => {
    const body = toBeSigned(issuer, nameOf(name), publicKey, [...extensions, authorityKeyId(authority.publicKey)]);
    const certificate = der.sequence(body, ecdsaWithSha256, der.bits(sign("sha256", body, authority.privateKey)));
    const path = join(dir, `${file}.crt`);
    writeFileSync(path, pem(certificate));
    return path;
  };
  const leaf = (file: string, name: string, extensions: readonly Buffer[]) => {
    const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
    const keyFile = join(dir, `${file}.key`);
    writeFileSync(keyFile, privateKey.export({ type: "pkcs8", format: "pem" }), { mode: 0o600 });
    return { certFile: issue(file, name, publicKey, extensions), keyFile };
  };
  const client = (name: string) => leaf(`client-${name}`, name, [extendedUse("1.3.6.1.5.5.7.3.2")]);

  const authorityExtensions = [
    extension("2.5.29.19", der.sequence(der.bool(true)), true),
    extension("2.5.29.15", der.bits(Buffer.from([0b0000_0110]), 1), true),
    extension("2.5.29.14", der.octets(keyId(authority.publicKey))),
  ];
  const caFile = issue("ca", "seb test authority", authority.publicKey, authorityExtensions);
  const server = leaf("server", hosts[0] ?? "localhost", [extendedUse("1.3.6.1.5.5.7.3.1"), alternativeNames(hosts)]);
  const first = client("test");
  return { caFile, ...server, clientCertFile: first.certFile, clientKeyFile: first.keyFile, client };
}

/** TBSCertificate of RFC 5280 §4.1, version 3. */
function toBeSigned(issuer: Buffer, subject: Buffer, publicKey: KeyObject, extensions: readonly Buffer[]): Buffer {
  const serial = randomBytes(16);
  serial[0] = 0x40 | ((serial[0] ?? 0) & 0x3f);
  const nowMs = Date.now();
  return der.sequence(
    der.context(0, der.integer(Buffer.from([2]))),
    der.integer(serial),
    ecdsaWithSha256,
    issuer,
    der.sequence(der.time(nowMs - dayMs), der.time(nowMs + dayMs)),
    subject,
    publicKey.export({ type: "spki", format: "der" }),
    der.context(3, der.sequence(...extensions)),
  );
}

const nameOf = (text: string): Buffer => der.sequence(der.set(der.sequence(der.objectId("2.5.4.3"), der.utf8(text))));

function extension(id: string, value: Buffer, critical = false): Buffer {
  return der.sequence(der.objectId(id), ...(critical ? [der.bool(true)] : []), der.octets(value));
}

const extendedUse = (id: string): Buffer => extension("2.5.29.37", der.sequence(der.objectId(id)));

function alternativeNames(hosts: readonly string[]): Buffer {
  const names = hosts.map((host) =>
    isIPv4(host)
      ? der.contextPrimitive(7, Buffer.from(host.split(".").map(Number)))
      : der.contextPrimitive(2, Buffer.from(host)),
  );
  return extension("2.5.29.17", der.sequence(...names));
}

const authorityKeyId = (key: KeyObject): Buffer =>
  extension("2.5.29.35", der.sequence(der.contextPrimitive(0, keyId(key))));

/** Any value that differs by key does (RFC 5280 §4.2.1.2). */
function keyId(key: KeyObject): Buffer {
  return createHash("sha256")
    .update(key.export({ type: "spki", format: "der" }))
    .digest()
    .subarray(0, 20);
}

function pem(certificate: Buffer): string {
  const lines = certificate.toString("base64").match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join("\n")}\n-----END CERTIFICATE-----\n`;
}
