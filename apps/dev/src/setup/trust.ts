import { jwkThumbprint } from "@seb/canonical";
import { exists, writeWhole } from "@seb/mounts";
import { audienceOfKey, type TrustKey } from "@seb/schema";
import { publicOf, signTrust } from "@seb/seal";
import { type Layout, NAMES } from "../layout.js";
import { DEV_KEYS, type DevKey, readDevKey } from "./keys.js";

const YEAR_SECONDS = 31_536_000;
/** Clocks of agents and services may differ a little. */
const EARLIER_SECONDS = 60;

const ROLES: readonly string[] = [
  "certificate",
  "observation",
  "status",
  "record",
  "order",
] satisfies TrustKey["role"][];
const isTrustedRole = (role: string): role is TrustKey["role"] => ROLES.includes(role);

async function trustKeys(layout: Layout, nowSeconds: number): Promise<readonly TrustKey[]> {
  const keys: TrustKey[] = [];
  for (const name of Object.keys(DEV_KEYS) as DevKey[]) {
    const role: string = DEV_KEYS[name][0];
    if (!isTrustedRole(role)) continue;
    const file = await readDevKey(layout, name);
    const nbf = nowSeconds - EARLIER_SECONDS;
    keys.push({
      ...publicOf(file),
      role,
      name: file.name,
      aud: audienceOfKey({ role, name: file.name }, NAMES),
      nbf,
      exp: nowSeconds + YEAR_SECONDS,
    });
  }
  return keys;
}

/** Makes `trust.json`, signed by both owners, and the pins that every service holds: both owners must sign. */
export async function makeTrust(layout: Layout, nowSeconds: number): Promise<void> {
  if (await exists(layout.trustFile)) return;
  const owners = [await readDevKey(layout, "owner-1"), await readDevKey(layout, "owner-2")];
  const jwks = owners.map((owner) => publicOf(owner).jwk);
  const pins = { owners: jwks.map(jwkThumbprint), threshold: 2 };
  await writeWhole(layout.pinsFile, `${JSON.stringify(pins, null, 2)}\n`);
  const payload = {
    ver: 1 as const,
    version: 1,
    iat: nowSeconds,
    exp: nowSeconds + YEAR_SECONDS,
    owners: jwks,
    keys: [...(await trustKeys(layout, nowSeconds))],
  };
  await writeWhole(layout.trustFile, await signTrust(payload, owners));
}
