import { type Role, type TrustKey, TYP_OF_ROLE, type Typ } from "@seb/schema";
import type { PublicKey } from "./public-key.js";

/** One key of the trust file, imported once. Times in seconds; valid in [nbf, exp). */
export interface TrustedKey extends PublicKey {
  readonly role: TrustKey["role"];
  /** Issuer, instance or operator that owns the key. */
  readonly name: string;
  readonly aud: string;
  readonly nbf: number;
  readonly exp: number;
}

/** A verified trust file. */
export interface Trust {
  readonly version: number;
  /** `seb-trust-v1` digest of the signed payload. */
  readonly digest: string;
  /** The key that may sign `typ` under this kid; keys outside their validity are found too. */
  find(typ: Typ, kid: string): TrustedKey | undefined;
  keys(): readonly TrustedKey[];
}

/** Looks keys up by (typ, kid): a key of another role is unknown, however good its signature. */
export function trustOf(version: number, digest: string, keys: readonly TrustedKey[]): Trust {
  const typOf: Readonly<Record<Role, Typ>> = TYP_OF_ROLE;
  const byTypAndKid = new Map(keys.map((key) => [`${typOf[key.role]} ${key.kid}`, key]));
  const all = Object.freeze([...keys]);
  return Object.freeze({
    version,
    digest,
    find: (typ: Typ, kid: string) => byTypAndKid.get(`${typ} ${kid}`),
    keys: () => all,
  });
}
