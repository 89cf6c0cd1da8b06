import type { Result } from "@seb/schema";
import { importPublicKey, type PublicKey } from "./public-key.js";

/** Checks and imports the public keys that proofs carry. */
export interface ProofKeys {
  import(jwk: unknown): Promise<Result<PublicKey, "proof_key_weak">>;
}

/**
 * Keeps the keys of earlier proofs, so that each is checked and imported once: that costs more than the verification, and the same agents
 * come again. Nothing that was refused is kept, a kept key means no trust, and whoever floods it only makes others' keys be read again.
 *
 * @param options.maxEntries most keys kept; beyond it the one that was kept first goes.
 */
export function createProofKeys(options: { readonly maxEntries: number }): ProofKeys {
  const kept = new Map<string, PublicKey>();
  return {
    async import(jwk) {
      const name = nameOf(jwk);
      const known = kept.get(name);
      if (known !== undefined) return { ok: true, value: known };
      const made = await importPublicKey(jwk);
      if (!made.ok) return made;
      for (const oldest of kept.keys()) {
        if (kept.size < options.maxEntries) break;
        kept.delete(oldest);
      }
      kept.set(name, made.value);
      return made;
    },
  };
}

/** Every member counts: a key with one more or another value has a name of its own, and no value can pass for two. */
function nameOf(jwk: unknown): string {
  return typeof jwk === "object" && jwk !== null
    ? JSON.stringify(Object.entries(jwk).sort(([one], [other]) => (one < other ? -1 : 1)))
    : "";
}
