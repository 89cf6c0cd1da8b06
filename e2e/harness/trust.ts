import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { calculateJwkThumbprint, GeneralSign, importJWK, type JWK } from "jose";
import { type KeyFile, publicPart } from "./agent.js";
import type { Environment } from "./environment.js";

export interface TrustKey {
  readonly kid: string;
  readonly role: string;
  readonly name: string;
  readonly jwk: JWK;
  readonly aud: string;
  readonly nbf: number;
  readonly exp: number;
}
export interface TrustPayload {
  readonly ver: number;
  readonly version: number;
  readonly iat: number;
  readonly exp: number;
  readonly owners: readonly JWK[];
  readonly keys: readonly TrustKey[];
}

const fileOf = (environment: Environment) => join(environment.seb, "trust.json");

/** The payload of the environment's trust file. */
export function readTrust(environment: Environment): TrustPayload {
  const { payload } = JSON.parse(readFileSync(fileOf(environment), "utf8"));
  return JSON.parse(Buffer.from(payload, "base64url").toString("utf8"));
}

/** An entry for a key of ours. */
export async function trustEntry(key: KeyFile, aud: string, changes: Partial<TrustKey> = {}): Promise<TrustKey> {
  const jwk = publicPart(key.jwk);
  const nbf = Math.floor(Date.now() / 1000) - 60;
  const kid = await calculateJwkThumbprint(jwk);
  return { kid, role: key.role, name: key.name, jwk, aud, nbf, exp: nbf + 86_400, ...changes };
}

/** Signs a trust payload by the owners' keys of the environment and puts it in the place of its trust file. */
export async function writeTrust(
  environment: Environment,
  payload: TrustPayload,
  owners: readonly string[] = ["owner-1", "owner-2"],
): Promise<void> {
  const sign = new GeneralSign(new TextEncoder().encode(JSON.stringify(payload)));
  for (const name of owners) {
    const { jwk } = environment.key(name);
    const kid = await calculateJwkThumbprint(publicPart(jwk));
    const header = { alg: "Ed25519", typ: "seb-trust+json", kid };
    sign.addSignature(await importJWK(jwk, "Ed25519")).setProtectedHeader(header);
  }
  const { payload: text, signatures } = await sign.sign();
  const file = {
    payload: text,
    signatures: signatures.map((one) => ({ protected: one.protected, signature: one.signature })),
  };
  writeFileSync(`${fileOf(environment)}.next`, JSON.stringify(file));
  renameSync(`${fileOf(environment)}.next`, fileOf(environment));
}
