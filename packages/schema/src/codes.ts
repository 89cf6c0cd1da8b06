import { ADMISSION_CODES } from "./codes/admission.js";
import { CLIENT_CODES } from "./codes/client.js";
import { CONTROL_CODES } from "./codes/control.js";
import { HTTP_CODES } from "./codes/http.js";
import { ISSUANCE_CODES } from "./codes/issuance.js";
import { TOKEN_CODES } from "./codes/token.js";

export type { CodeEntry, Fault, Retry } from "./codes/entry.js";

/** The one closed table: every code that any service or command line can answer with. */
export const CODES = {
  ...HTTP_CODES,
  ...TOKEN_CODES,
  ...ISSUANCE_CODES,
  ...ADMISSION_CODES,
  ...CONTROL_CODES,
  ...CLIENT_CODES,
} as const;

/** A code of the table. */
export type Code = keyof typeof CODES;

/** True when `value` is a code of the table (own keys only). */
export function isCode(value: unknown): value is Code {
  return typeof value === "string" && Object.hasOwn(CODES, value);
}
