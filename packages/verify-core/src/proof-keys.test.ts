import { describe, expect, it } from "@jest/globals";
import { exportJWK, generateKeyPair } from "jose";
import { createProofKeys, importPublicKey } from "./index.js";

const newJwk = async (alg: "Ed25519" | "ES256" = "Ed25519") =>
  exportJWK((await generateKeyPair(alg, { extractable: true })).publicKey);

async function handleOf(keys: ReturnType<typeof createProofKeys>, jwk: unknown) {
  const result = await keys.import(jwk);
  return result.ok ? result.value : result.error.code;
}

describe("kept keys of proofs", () => {
  it.each(["Ed25519", "ES256"] as const)("are what an import gives, made once: %s", async (alg) => {
    const keys = createProofKeys({ maxEntries: 4 });
    const jwk = await newJwk(alg);
    const first = await handleOf(keys, jwk);
    const fresh = await importPublicKey(jwk);
    expect(first).toMatchObject(fresh.ok ? { kid: fresh.value.kid, alg } : {});
    expect(await handleOf(keys, Object.fromEntries(Object.entries(jwk).reverse()))).toBe(first);
  });

  it("speak for no other key: another value or one member more or less is another question", async () => {
    const keys = createProofKeys({ maxEntries: 4 });
    const jwk = await newJwk();
    const kept = await handleOf(keys, jwk);
    expect(await handleOf(keys, await newJwk())).not.toBe(kept);
    for (const bad of [
      { ...jwk, use: "sig" },
      { ...jwk, d: jwk.x },
      { ...jwk, x: `${jwk.x}=` },
      { ...jwk, x: [jwk.x] },
      { ...jwk, crv: "X25519" },
      { kty: jwk.kty, crv: jwk.crv },
      JSON.stringify(jwk),
      [jwk],
      null,
      undefined,
      "",
    ]) {
      expect(await handleOf(keys, bad)).toBe("proof_key_weak");
      expect(await handleOf(keys, bad)).toBe("proof_key_weak");
    }
  });

  it("are bounded: the oldest goes and is read again", async () => {
    const keys = createProofKeys({ maxEntries: 2 });
    const jwks = await Promise.all([newJwk(), newJwk(), newJwk()]);
    const [first, second, third] = [
      await handleOf(keys, jwks[0]),
      await handleOf(keys, jwks[1]),
      await handleOf(keys, jwks[2]),
    ];
    expect(await handleOf(keys, jwks[2])).toBe(third);
    expect(await handleOf(keys, jwks[1])).toBe(second);
    expect(await handleOf(keys, jwks[0])).not.toBe(first);
  });
});
