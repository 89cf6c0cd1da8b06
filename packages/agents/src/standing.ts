import { checkRevocations, type View } from "@seb/authority";
import type { Result } from "@seb/schema";

/** What of a caller a standing revocation can name. */
export interface Caller {
  /** The agent's subject; undefined for a person. */
  readonly subject: string | undefined;
  /** Thumbprint of the key that the caller proved, or that a certificate is bound to. */
  readonly jkt: string;
  /** Digest of the bundle in which the caller is registered. */
  readonly bundle: string;
}

/**
 * Does a standing revocation name this caller: subject, key, the bundle that registers them, or everything? Whoever is named neither acts nor
 * reads until it is lifted. Revocations of a certificate, policy, action or resource name what the caller asks for, not the caller.
 */
export function checkCaller(view: Pick<View, "standing">, { subject, jkt, bundle }: Caller): Result<void> {
  const named = subject === undefined ? {} : { subject };
  return checkRevocations(view, { ...named, keys: [jkt], bundle });
}
