import { createPrivateKey, type KeyObject, sign } from "node:crypto";
import type { TrustKey } from "@seb/schema";
import { generateKeyFile, type KeyFile, type KeyRole, publicOf, signTrust } from "@seb/seal";
import { type Trust, verifyTrust } from "@seb/verify-core";
import { need } from "./need.js";

const OWNERS = {
  owner: ["owner", "owner-1"],
  certificate: ["certificate", "signer:dev"],
  "record-1": ["record", "broker-1"],
  "record-2": ["record", "broker-2"],
  observation: ["observation", "broker:dev"],
  status: ["status", "revocation:dev"],
  order: ["order", "alice"],
  agent: ["agent", "oncall-v3"],
  stranger: ["agent", "stranger"],
} as const satisfies Record<string, readonly [KeyRole, string]>;
export type KeyName = keyof typeof OWNERS;
export type Keys = Readonly<Record<KeyName, KeyFile>>;

const AUDIENCES = {
  certificate: "broker:dev",
  "record-1": "env:dev",
  "record-2": "env:dev",
  observation: "broker:dev",
  status: "env:dev",
  order: "env:dev",
} as const;

/** Real keys of everybody who signs something in these tests. */
export async function makeKeys(): Promise<Keys> {
  const made = await Promise.all(
    Object.entries(OWNERS).map(async ([name, [role, owner]]) => [name, await generateKeyFile(role, owner)] as const),
  );
  return Object.fromEntries(made) as unknown as Keys;
}

/** A trust file signed by the one pinned owner, read back as a broker reads it. */
export async function makeTrust(keys: Keys, nowSeconds: number): Promise<Trust> {
  const validity = { nbf: nowSeconds - 86_400, exp: nowSeconds + 864_000 };
  const trusted = Object.entries(AUDIENCES).map(([name, aud]): TrustKey => {
    const file = keys[name as keyof typeof AUDIENCES];
    return { ...publicOf(file), role: file.role as TrustKey["role"], name: file.name, aud, ...validity };
  });
  const { kid, jwk } = publicOf(keys.owner);
  const payload = {
    ver: 1 as const,
    version: 1,
    iat: nowSeconds - 60,
    exp: validity.exp,
    owners: [jwk],
    keys: trusted,
  };
  const text = await signTrust(payload, [keys.owner]);
  return need(await verifyTrust(text, { owners: [kid], threshold: 1, minVersion: 0 }, nowSeconds));
}

const privateKeys = new WeakMap<KeyFile, KeyObject>();

/** A compact JWS over anything: the broker may not reach what signs certificates, and neither may its tests. */
export function jws(key: KeyFile, typ: string, claims: unknown): string {
  const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const signed = `${encode({ alg: "Ed25519", typ, kid: publicOf(key).kid })}.${encode(claims)}`;
  const known = privateKeys.get(key) ?? createPrivateKey({ key: { ...key.jwk }, format: "jwk" });
  privateKeys.set(key, known);
  return `${signed}.${sign(null, Buffer.from(signed), known).toString("base64url")}`;
}
