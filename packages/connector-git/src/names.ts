// Names of what the connector writes itself. What does not fit is refused, never quoted.
import { isBase32Id } from "@seb/canonical";

const INDEX = /^(?:0|[1-9][0-9]{0,8})$/;

/** Prefix of marker refs: `refs/seb/<cert_id>`. */
export const MARKER_PREFIX = "refs/seb/";

/** An array index of RFC 6901: digits without leading zero. */
export function isIndex(token: string): boolean {
  return INDEX.test(token);
}

/** The marker ref of a certificate, or undefined when the id is not one. */
export function markerRef(certId: string): string | undefined {
  return isBase32Id("c_", certId) ? `${MARKER_PREFIX}${certId}` : undefined;
}
