import { base64urlDecode, jwkThumbprint } from "@seb/canonical";
import { fail, ok, type Result, type Role, type TrustKey } from "@seb/schema";
import { type CryptoKey, exportJWK, generateKeyPair, importJWK } from "jose";

/** Roles a key file may have: those of trusted keys, and `agent` for proofs of possession. */
export type KeyRole = Role | "agent";
export type PublicJwk = TrustKey["jwk"];
/** A private JWK on Ed25519 or P-256. */
export type PrivateJwk = PublicJwk & { readonly d: string };

/** Content of a private key file (mode 0600, JSON). */
export interface KeyFile {
  readonly role: KeyRole;
  /** Issuer, instance, operator, person or agent that owns the key. */
  readonly name: string;
  readonly jwk: PrivateJwk;
}

/** A key file's key, ready to sign; the private part stays a non-extractable handle. */
export interface LoadedKey {
  readonly kid: string;
  readonly name: string;
  readonly publicJwk: PublicJwk;
  readonly alg: "Ed25519" | "ES256";
  readonly key: CryptoKey;
}

export const KEY_ROLES: readonly KeyRole[] = [
  "certificate",
  "observation",
  "status",
  "record",
  "order",
  "approval",
  "owner",
  "agent",
];
const NAME = /^[a-z][a-z0-9:./-]{0,99}$/;

function isCoordinate(value: unknown): value is string {
  return typeof value === "string" && base64urlDecode(value)?.length === 32;
}

function membersOf(value: unknown, names: readonly string[]): Readonly<Record<string, unknown>> | undefined {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
  const keys = Object.keys(value);
  if (keys.length !== names.length || !names.every((name) => Object.hasOwn(value, name))) return undefined;
  return Object.fromEntries(Object.entries(value));
}

function privateJwk(value: unknown): PrivateJwk | undefined {
  const okp = membersOf(value, ["kty", "crv", "x", "d"]);
  if (okp?.kty === "OKP" && okp.crv === "Ed25519" && isCoordinate(okp.x) && isCoordinate(okp.d))
    return { kty: "OKP", crv: "Ed25519", x: okp.x, d: okp.d };
  const ec = membersOf(value, ["kty", "crv", "x", "y", "d"]);
  if (ec?.kty === "EC" && ec.crv === "P-256" && isCoordinate(ec.x) && isCoordinate(ec.y) && isCoordinate(ec.d))
    return { kty: "EC", crv: "P-256", x: ec.x, y: ec.y, d: ec.d };
  return undefined;
}

function withoutPrivate(jwk: PrivateJwk): PublicJwk {
  return jwk.kty === "OKP"
    ? { kty: jwk.kty, crv: jwk.crv, x: jwk.x }
    : { kty: jwk.kty, crv: jwk.crv, x: jwk.x, y: jwk.y };
}

/** The public half of a key file and its `kid` (RFC 7638). */
export function publicOf(keyFile: Pick<KeyFile, "jwk">): { readonly kid: string; readonly jwk: PublicJwk } {
  const jwk = withoutPrivate(keyFile.jwk);
  return { kid: jwkThumbprint(jwk), jwk };
}

/** Reads parsed JSON as a key file of any role. The failure never holds key material. */
export function readKeyFile(value: unknown): Result<KeyFile, "setting_invalid"> {
  const file = membersOf(value, ["role", "name", "jwk"]);
  const role = KEY_ROLES.find((known) => known === file?.role);
  const jwk = privateJwk(file?.jwk);
  if (role === undefined || jwk === undefined || typeof file?.name !== "string" || !NAME.test(file.name))
    return fail(
      "setting_invalid",
      "The key file is not of the form {role, name, jwk} with a private Ed25519 or P-256 key.",
    );
  return ok({ role, name: file.name, jwk });
}

/** Loads a key file of one role: another role's key is refused, and so is a private half that is not the public one's. */
export async function loadKey(value: unknown, role: KeyRole): Promise<Result<LoadedKey, "setting_invalid">> {
  const file = readKeyFile(value);
  if (!file.ok) return file;
  if (file.value.role !== role)
    return fail("setting_invalid", `The key file is for the role ${file.value.role}, not ${role}.`);
  const { kid, jwk } = publicOf(file.value);
  const alg = jwk.kty === "OKP" ? "Ed25519" : "ES256";
  try {
    const key = await importJWK({ ...file.value.jwk }, alg, { extractable: false });
    if (key instanceof Uint8Array) return fail("setting_invalid", "The key file holds no asymmetric key.");
    return ok({ kid, name: file.value.name, publicJwk: jwk, alg, key });
  } catch {
    return fail("setting_invalid", "The private key is not the public key's other half.");
  }
}

/** Makes a new Ed25519 key for a role. */
export async function generateKeyFile(role: KeyRole, name: string): Promise<KeyFile> {
  const { privateKey } = await generateKeyPair("Ed25519", { extractable: true });
  const jwk = privateJwk({ ...(await exportJWK(privateKey)) });
  const made = readKeyFile({ role, name, jwk });
  if (!made.ok) throw new TypeError("generateKeyFile: not a role or not a name");
  return made.value;
}
