import { exportJWK, generateKeyPair } from "jose";
import { type KeyFile, seal } from "./agent.js";
import type { Environment } from "./environment.js";
import { freshId, payloadOf } from "./json.js";

/** A key pair of nobody's: a thief's own, or a stranger's. */
export async function newKey(role: string, name = "stranger", alg: "Ed25519" | "ES256" = "Ed25519"): Promise<KeyFile> {
  const { privateKey } = await generateKeyPair(alg, { extractable: true });
  return { role, name, jwk: await exportJWK(privateKey) };
}

/**
 * A certificate that the signer never made, signed with its stolen key (or another one): the claims of an honest one under a fresh id,
 * with changes. A change to `undefined` takes the claim away.
 */
export async function forge(
  environment: Environment,
  honest: string,
  changes: Record<string, unknown> = {},
  key: KeyFile = environment.key("signer-certificate"),
): Promise<string> {
  return seal("seb-cert+jwt", { ...payloadOf(honest), jti: freshId("c_"), ...changes }, key);
}

/** The claims of a certificate with one member of its contract changed. */
export function contractOf(honest: string, changes: Record<string, unknown>): Record<string, unknown> {
  return { contract: { ...(payloadOf(honest).contract as Record<string, unknown>), ...changes } };
}
