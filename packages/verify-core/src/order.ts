import { CLOCK_SKEW, OrderClaims, ok, type Result, validate } from "@seb/schema";
import { type GateCode, gate } from "./gate.js";
import { checkOwner } from "./owner.js";
import { checkSignature, type SignatureCode } from "./signature.js";
import type { Trust } from "./trust.js";
import { checkWindow, type WindowCode } from "./window.js";

export interface VerifiedOrder {
  /** The operator's key. */
  readonly kid: string;
  /** The operator's name in the trust file. */
  readonly operator: string;
  readonly claims: OrderClaims;
}
export type OrderCode = GateCode | SignatureCode | WindowCode | "order_invalid" | "issuer_wrong" | "audience_wrong";

/** An order lives at most 10 minutes: long enough for a second operator, short enough to be forgotten. */
export const ORDER_MAX_LIFETIME_SECONDS = 600;

/** Verifies an operator's order: `sub` owns the key, `aud` is this environment, the window is open. */
export async function verifyOrder(
  token: string,
  trust: Trust,
  rules: { readonly audience: string; readonly nowSeconds: number },
): Promise<Result<VerifiedOrder, OrderCode>> {
  const gated = gate(token, "seb-order+jws");
  if (!gated.ok) return gated;
  const signed = await checkSignature(gated.value, trust, rules.nowSeconds);
  if (!signed.ok) return signed;
  const claims = validate(OrderClaims, signed.value.claims, "order_invalid");
  if (!claims.ok) return claims;
  const { sub, aud, iat, exp } = claims.value;
  const owner = checkOwner({ iss: sub, aud }, signed.value.key, rules.audience);
  if (!owner.ok) return owner;
  const window = checkWindow(
    { iat, nbf: iat, exp },
    {
      nowSeconds: rules.nowSeconds,
      skewSeconds: CLOCK_SKEW.tokenSeconds,
      maxLifetimeSeconds: ORDER_MAX_LIFETIME_SECONDS,
    },
  );
  if (!window.ok) return window;
  return ok({ kid: signed.value.kid, operator: sub, claims: claims.value });
}
