import { fail, ok, type Result } from "@seb/schema";

/** Times of a token, in seconds since the Unix epoch. The window is [nbf, exp). */
export interface Times {
  readonly iat: number;
  readonly nbf: number;
  readonly exp: number;
}
export interface WindowRules {
  /** The verifier's clock in seconds; fractions allowed. */
  readonly nowSeconds: number;
  /** Tolerance for `iat` and `nbf`; `exp` has none. */
  readonly skewSeconds: number;
  /** Longest life, from the earlier of `iat` and `nbf` to `exp`. */
  readonly maxLifetimeSeconds: number;
}
export type WindowCode =
  | "token_claims_invalid"
  | "lifetime_too_long"
  | "issued_in_future"
  | "not_yet_valid"
  | "expired";

/**
 * Checks a token's window. Comparisons are written so that a clock or a time that is not a number refuses.
 */
export function checkWindow(times: Times, rules: WindowRules): Result<void, WindowCode> {
  const { iat, nbf, exp } = times;
  const { nowSeconds, skewSeconds, maxLifetimeSeconds } = rules;
  if (!(exp > nbf) || !(exp > iat)) return fail("token_claims_invalid", "The window is empty.", { pointer: "/exp" });
  if (!(exp - Math.min(iat, nbf) <= maxLifetimeSeconds))
    return fail("lifetime_too_long", `The token lives longer than ${maxLifetimeSeconds} s.`);
  if (!(iat <= nowSeconds + skewSeconds)) return fail("issued_in_future", "The token was issued in the future.");
  if (!(nbf <= nowSeconds + skewSeconds)) return fail("not_yet_valid", "The token is not valid yet.");
  if (!(nowSeconds < exp)) return fail("expired", "The token's window has closed.");
  return ok(undefined);
}
