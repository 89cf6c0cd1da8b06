import { base64urlEncode, canonicalize, jwkThumbprint } from "@seb/canonical";
import type { TrustKey, TrustPayload } from "@seb/schema";
import type { PublicJwk } from "@seb/seal";
import { writeWhole } from "../write-file.js";
import type { Plan } from "./plan.js";

const YEAR_SECONDS = 31_536_000;

/** Writes the trust file without a signature, to be signed by its owners one after the other, and the pins. */
export function writeTrust(
  plan: Plan,
  owners: readonly PublicJwk[],
  keys: readonly TrustKey[],
  nowSeconds: number,
): readonly string[] {
  const payload: TrustPayload = {
    ver: 1,
    version: 1,
    iat: nowSeconds,
    exp: nowSeconds + YEAR_SECONDS,
    owners: [...owners],
    keys: [...keys],
  };
  const encoded = base64urlEncode(new TextEncoder().encode(canonicalize(payload)));
  const pins = { owners: owners.map(jwkThumbprint), threshold: plan.threshold };
  writeWhole(plan.at("trust", "trust.json"), `${JSON.stringify({ payload: encoded, signatures: [] }, null, 2)}\n`);
  writeWhole(plan.at("trust", "trust-pins.json"), `${JSON.stringify(pins, null, 2)}\n`);
  return pins.owners;
}
