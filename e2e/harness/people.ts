import { calculateJwkThumbprint, exportJWK, generateKeyPair, type JWK } from "jose";
import { stringify } from "yaml";
import { type KeyFile, publicPart, sign } from "./agent.js";
import { freshId } from "./json.js";

/** Somebody with a key, and the control folder's file about them. */
export interface Person {
  readonly name: string;
  readonly key: KeyFile;
  readonly kid: string;
  /** Text of `people/<name>.yaml`. */
  readonly text: string;
}

/** Makes a person with a key of their own. */
export async function createPerson(
  name: string,
  { groups, agents = [] }: { groups: readonly string[]; agents?: readonly string[] },
): Promise<Person> {
  const { privateKey } = await generateKeyPair("Ed25519", { extractable: true });
  const jwk: JWK = await exportJWK(privateKey);
  const kid = await calculateJwkThumbprint(publicPart(jwk));
  const text = stringify({ ver: 1, name, groups, keys: [{ kid, jwk: publicPart(jwk) }], agents });
  return { name, key: { role: "approval", name, jwk }, kid, text };
}

/** An approval of a request as `GET /v1/requests/{id}` shows it, signed by hand. */
export async function signApproval(
  request: Record<string, unknown>,
  name: string,
  key: KeyFile,
  changes: Record<string, unknown> = {},
  kid?: string,
): Promise<string> {
  const iat = Math.floor(Date.now() / 1000);
  const { request: id, proposal, contract, tier, bundle } = request;
  const claims = { ver: 1, jti: freshId("a_"), aud: "env:dev", sub: name, iat, exp: iat + 600 };
  const header = { typ: "seb-approval+jws", kid: kid ?? (await calculateJwkThumbprint(publicPart(key.jwk))) };
  return sign(header, { ...claims, request: id, proposal, contract, tier, bundle, ...changes }, key.jwk);
}
