import type { JsonObject } from "@seb/canonical";
import { ok, type Result, type Typ } from "@seb/schema";
import { type GateCode, gate } from "./gate.js";

/** What a token says about itself, believed by nobody. */
export interface Decoded {
  readonly header: { readonly alg: string; readonly typ: Typ; readonly kid: string };
  readonly claims: JsonObject;
}

/** Shows a token to a person. Nothing is verified: for display only, never for a decision. */
export function decodeUnverified(token: string, typ: Typ): Result<Decoded, GateCode> {
  const gated = gate(token, typ);
  if (!gated.ok) return gated;
  const { alg, kid, payload } = gated.value;
  return ok({ header: { alg, typ, kid }, claims: payload });
}
