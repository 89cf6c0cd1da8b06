import { generateKeyPairSync } from "node:crypto";
import { jwkThumbprint } from "@seb/canonical";
import { readSecretFile } from "@seb/local";
import { exists, readJsonFile, readMountedKey, SECRET_MODE, writeWhole } from "@seb/mounts";
import { closed, fail, Name, ok, type Result, validate } from "@seb/schema";
import { generateKeyFile, type KeyFile, type KeyRole } from "@seb/seal";
import Type from "typebox";
import { need } from "../failure.js";
import { instanceOf, type Layout, NAMES } from "../layout.js";

/** Every key of a dev folder: file, role, owner. */
export const DEV_KEYS = {
  "owner-1": ["owner", "owner-1"],
  "owner-2": ["owner", "owner-2"],
  "operator-alice": ["order", "alice"],
  "operator-bob": ["order", "bob"],
  agent: ["agent", "agent:oncall-v3"],
  "person-carol": ["approval", "carol"],
  "signer-certificate": ["certificate", NAMES.signer],
  "signer-record": ["record", instanceOf("signer")],
  "broker-observation": ["observation", NAMES.broker],
  "broker-record": ["record", instanceOf("broker")],
  "revocation-status": ["status", NAMES.revocation],
  "revocation-record": ["record", instanceOf("revocation")],
} as const satisfies Readonly<Record<string, readonly [KeyRole, string]>>;
export type DevKey = keyof typeof DEV_KEYS;

/** Key of the attestation builder: it signs DSSE envelopes, never a word of SEB's own. */
export interface BuilderKey {
  readonly keyid: string;
  readonly privateJwk: { readonly kty: "OKP"; readonly crv: "Ed25519"; readonly x: string; readonly d: string };
}

const builderJson = (jwk: BuilderKey["privateJwk"]) => ({ role: "builder", name: "dev-builder", jwk });

/** Makes every key that is missing. Existing ones are left as they are. */
export async function makeKeys(layout: Layout): Promise<void> {
  for (const [file, [role, name]] of Object.entries(DEV_KEYS)) {
    const path = layout.key(file);
    if (await exists(path)) continue;
    await writeWhole(path, `${JSON.stringify(await generateKeyFile(role, name), null, 2)}\n`, SECRET_MODE);
  }
  const path = layout.key("builder");
  if (await exists(path)) return;
  const { kty, crv, x, d } = generateKeyPairSync("ed25519").privateKey.export({ format: "jwk" });
  if (kty !== "OKP" || crv !== "Ed25519" || x === undefined || d === undefined) throw new TypeError("not Ed25519");
  await writeWhole(path, `${JSON.stringify(builderJson({ kty, crv, x, d }), null, 2)}\n`, SECRET_MODE);
}

/** Reads one private key file; it must be readable by its owner only and of the role and owner that dev gave it. */
export async function readDevKey(layout: Layout, key: DevKey): Promise<KeyFile> {
  const [role, name] = DEV_KEYS[key];
  return need(readMountedKey(layout.key(key), role, name), "key");
}

const Coordinate = Type.String({ pattern: "^[A-Za-z0-9_-]{43}$", maxLength: 43 });
const BuilderFile = closed({
  role: Type.Literal("builder"),
  name: Name,
  jwk: closed({ kty: Type.Literal("OKP"), crv: Type.Literal("Ed25519"), x: Coordinate, d: Coordinate }),
});

/** Reads the attestation builder's key file: `{role: "builder", name, jwk}` with a private Ed25519 JWK. */
export async function readBuilderKey(path: string): Promise<Result<BuilderKey>> {
  const secret = readSecretFile(path);
  if (!secret.ok) return secret;
  const read = await readJsonFile(path);
  if (!read.ok) return read;
  const file = validate(BuilderFile, read.value, "setting_invalid");
  if (!file.ok) return fail("setting_invalid", `${path} is not a builder's key`);
  const { kty, crv, x } = file.value.jwk;
  return ok({ keyid: jwkThumbprint({ kty, crv, x }), privateJwk: file.value.jwk });
}
