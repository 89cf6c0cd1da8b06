import { CLOCK_SKEW, type Code, type Failure, fail, ObservationClaims, ok, type Result, validate } from "@seb/schema";
import { gate } from "./gate.js";
import { checkOwner } from "./owner.js";
import { checkSignature } from "./signature.js";
import type { Trust } from "./trust.js";
import { checkWindow } from "./window.js";

export interface ObservationRules {
  /** The environment asked for; any that the key serves when left out. */
  readonly audience?: string;
  readonly nowSeconds: number;
  /** Oldest `iat` accepted. */
  readonly maxAgeSeconds: number;
}
export interface VerifiedObservation {
  readonly kid: string;
  readonly claims: ObservationClaims;
}

function invalid(cause: Failure<Code>) {
  return fail("observation_invalid", cause.detail, { facts: { cause: cause.code } });
}

/** Verifies a broker's observation. `facts.cause` of `observation_invalid` is the token code that says why. */
export async function verifyObservation(
  token: string,
  trust: Trust,
  rules: ObservationRules,
): Promise<Result<VerifiedObservation, "observation_invalid" | "observation_expired">> {
  const { nowSeconds, maxAgeSeconds } = rules;
  const gated = gate(token, "seb-observation+jws");
  if (!gated.ok) return invalid(gated.error);
  const signed = await checkSignature(gated.value, trust, nowSeconds);
  if (!signed.ok) return invalid(signed.error);
  const claims = validate(ObservationClaims, signed.value.claims, "token_claims_invalid");
  if (!claims.ok) return invalid(claims.error);
  const owner = checkOwner(claims.value, signed.value.key, rules.audience);
  if (!owner.ok) return invalid(owner.error);
  const { iat, exp } = claims.value;
  const times = { iat, nbf: iat, exp };
  const window = checkWindow(times, {
    nowSeconds,
    skewSeconds: CLOCK_SKEW.tokenSeconds,
    maxLifetimeSeconds: maxAgeSeconds,
  });
  if (!window.ok && window.error.code !== "expired") return invalid(window.error);
  // A life of at most maxAgeSeconds whose end has not come is no older than that.
  if (!window.ok)
    return fail("observation_expired", `The observation is older than it or this service (${maxAgeSeconds} s) allows.`);
  return ok({ kid: signed.value.kid, claims: claims.value });
}
