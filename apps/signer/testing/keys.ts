import type { TrustKey } from "@seb/schema";
import { generateKeyFile, type KeyFile, type KeyRole, publicOf, signTrust } from "@seb/seal";
import { type Trust, verifyTrust } from "@seb/verify-core";

const OWNERS: readonly (readonly [string, KeyRole, string])[] = [
  ["owner", "owner", "owner-1"],
  ["certificate", "certificate", "signer:dev"],
  ["record", "record", "signer-1"],
  ["observation", "observation", "broker:dev"],
  ["status", "status", "revocation:dev"],
  ["agent", "agent", "oncall-v3"],
  ["otherAgent", "agent", "night-bot"],
  ["builder", "agent", "ci"],
  ["carol", "approval", "carol"],
  ["dave", "approval", "dave"],
  ["erin", "approval", "erin"],
  ["frank", "approval", "frank"],
];

/** Real keys of everybody who signs something in these tests. */
export type Keys = ReadonlyMap<string, KeyFile>;

export async function makeKeys(): Promise<Keys> {
  return new Map(
    await Promise.all(OWNERS.map(async ([name, role, owner]) => [name, await generateKeyFile(role, owner)] as const)),
  );
}

export function keyOf(keys: Keys, name: string): KeyFile {
  const key = keys.get(name);
  if (!key) throw new Error(`no key ${name}`);
  return key;
}

/** A trust file signed by the one pinned owner, read back as a service reads it. */
export async function makeTrust(keys: Keys, nowSeconds: number): Promise<Trust> {
  const owner = keyOf(keys, "owner");
  const trusted = (
    [
      ["certificate", "broker:dev"],
      ["record", "env:dev"],
      ["observation", "broker:dev"],
      ["status", "env:dev"],
    ] as const
  ).map(([name, aud]): TrustKey => {
    const file = keyOf(keys, name);
    const { kid, jwk } = publicOf(file);
    return { kid, role: name, name: file.name, jwk, aud, nbf: nowSeconds - 3600, exp: nowSeconds + 864_000 };
  });
  const payload = {
    ver: 1 as const,
    version: 1,
    iat: nowSeconds - 60,
    exp: nowSeconds + 864_000,
    owners: [publicOf(owner).jwk],
    keys: trusted,
  };
  const text = await signTrust(payload, [owner]);
  const pins = { owners: [publicOf(owner).kid], threshold: 1, minVersion: 0 };
  const trust = await verifyTrust(text, pins, nowSeconds);
  if (!trust.ok) throw new Error(trust.error.detail);
  return trust.value;
}
