import { fail, ok, type Result } from "@seb/schema";
import type { TrustedKey } from "./trust.js";

/**
 * A token's issuer is the owner of its key, and the key serves the token's audience; `audience` is the verifier's own
 * when it has one.
 */
export function checkOwner(
  claims: { readonly iss: string; readonly aud: string },
  key: TrustedKey,
  audience?: string,
): Result<void, "issuer_wrong" | "audience_wrong"> {
  if (claims.iss !== key.name) return fail("issuer_wrong", "The token's issuer is not the owner of its key.");
  if (claims.aud !== key.aud) return fail("audience_wrong", "The key does not serve the token's audience.");
  if (audience !== undefined && claims.aud !== audience)
    return fail("audience_wrong", "The token is meant for another audience.");
  return ok(undefined);
}
