// Names of what the connector makes for an execution. What does not fit is refused, never escaped.
import { isBase32Id } from "@seb/canonical";

const IDENTITY = /^seb-c-[a-z2-7]{26}$/;

/** Name of the account and the binding of one execution: `seb-c-` and the 26 characters of the certificate id. */
export function identityName(certId: string): string | undefined {
  return isBase32Id("c_", certId) ? `seb-c-${certId.slice(2)}` : undefined;
}

/** True for a name that {@link identityName} gives. */
export const isIdentityName = (value: unknown): value is string => typeof value === "string" && IDENTITY.test(value);
