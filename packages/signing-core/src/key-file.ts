import { base64urlDecode, jwkThumbprint } from "@seb/canonical";
import { fail, ok, type Result, type TrustKey } from "@seb/schema";
import { type CryptoKey, importJWK } from "jose";

export type PublicJwk = TrustKey["jwk"];

/** The certificate key. `key` is a non-extractable handle and never leaves this package. */
export interface CertificateKey {
  readonly kid: string;
  readonly alg: "Ed25519" | "ES256";
  readonly publicJwk: PublicJwk;
  readonly key: CryptoKey;
}

const WRONG = "The key file is not {role: certificate, name, jwk} with a private Ed25519 or P-256 key.";

type Members = Readonly<Record<string, unknown>>;

function membersOf(value: unknown, names: readonly string[]): Members | undefined {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
  const keys = Object.keys(value);
  if (keys.length !== names.length || !names.every((name) => Object.hasOwn(value, name))) return undefined;
  return Object.fromEntries(Object.entries(value));
}

function isCoordinate(value: unknown): value is string {
  return typeof value === "string" && base64urlDecode(value)?.length === 32;
}

function splitJwk(value: unknown): { readonly publicJwk: PublicJwk; readonly d: string } | undefined {
  const okp = membersOf(value, ["kty", "crv", "x", "d"]);
  if (okp?.kty === "OKP" && okp.crv === "Ed25519" && isCoordinate(okp.x) && isCoordinate(okp.d))
    return { publicJwk: { kty: "OKP", crv: "Ed25519", x: okp.x }, d: okp.d };
  const ec = membersOf(value, ["kty", "crv", "x", "y", "d"]);
  if (ec?.kty === "EC" && ec.crv === "P-256" && isCoordinate(ec.x) && isCoordinate(ec.y) && isCoordinate(ec.d))
    return { publicJwk: { kty: "EC", crv: "P-256", x: ec.x, y: ec.y }, d: ec.d };
  return undefined;
}

/**
 * Loads the certificate key from a parsed key file. A file of another role is refused, and so is a private half that
 * does not belong to its public one (the import compares them). Failures never hold key material.
 */
export async function loadCertificateKey(keyFile: unknown): Promise<Result<CertificateKey, "setting_invalid">> {
  const file = membersOf(keyFile, ["role", "name", "jwk"]);
  const jwk = splitJwk(file?.jwk);
  if (file?.role !== "certificate" || typeof file.name !== "string" || jwk === undefined)
    return fail("setting_invalid", WRONG);
  const { publicJwk, d } = jwk;
  const alg = publicJwk.kty === "OKP" ? "Ed25519" : "ES256";
  try {
    const key = await importJWK({ ...publicJwk, d }, alg, { extractable: false });
    if (key instanceof Uint8Array) return fail("setting_invalid", WRONG);
    return ok({ kid: jwkThumbprint(publicJwk), alg, publicJwk, key });
  } catch {
    return fail("setting_invalid", "The private key is not the public key's other half.");
  }
}
