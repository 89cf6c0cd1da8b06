// Alphabets of everything that reaches git's command line, a ref name or a tree. Strict on purpose: what does not fit is refused, never quoted.
import { isBase32Id } from "@seb/canonical";

const BRANCH = /^[A-Za-z0-9][A-Za-z0-9._/-]{0,99}$/;
const PATH = /^[A-Za-z0-9_@+=,./-]{1,190}$/;
const OID = /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/;
const POINTER = /^(?:\/(?:[^~/]|~[01])*)+$/u;
const CONTROL = /\p{Cc}/u;
const INDEX = /^(?:0|[1-9][0-9]{0,8})$/;

/** Prefix of marker refs: `refs/seb/<cert_id>`. */
export const MARKER_PREFIX = "refs/seb/";

/** A branch name that `git check-ref-format` accepts, of letters, digits, ".", "_", "/" and "-"; at most 100 characters. */
export function isBranch(value: unknown): value is string {
  if (typeof value !== "string" || !BRANCH.test(value)) return false;
  return value.split("/").every((part) => part !== "" && !/^[.-]|\.\.|\.$|\.lock$/.test(part));
}

/** A relative path of a file: no empty, dot, `.git` or dash-led segment; at most 190 characters. */
export function isPath(value: unknown): value is string {
  if (typeof value !== "string" || !PATH.test(value)) return false;
  // Case-insensitive file systems read `.GIT` and `.git.` as `.git`.
  return value.split("/").every((part) => part !== "" && !part.startsWith("-") && !/^(?:\.+|\.git\.*)$/i.test(part));
}

/** An object id: SHA-1 or SHA-256 in lower-case hexadecimal. */
export function isOid(value: unknown): value is string {
  return typeof value === "string" && OID.test(value);
}

/** A non-empty RFC 6901 pointer without control characters, at most 300 characters. */
export function isPointer(value: unknown): value is string {
  return typeof value === "string" && value.length <= 300 && POINTER.test(value) && !CONTROL.test(value);
}

/** The reference tokens of a pointer that {@link isPointer} accepts. */
export function tokensOf(pointer: string): readonly string[] {
  return pointer
    .slice(1)
    .split("/")
    .map((token) => token.replaceAll("~1", "/").replaceAll("~0", "~"));
}

/** An array index of RFC 6901: digits without leading zero. */
export function isIndex(token: string): boolean {
  return INDEX.test(token);
}

/** The marker ref of a certificate, or undefined when the id is not one. */
export function markerRef(certId: string): string | undefined {
  return isBase32Id("c_", certId) ? `${MARKER_PREFIX}${certId}` : undefined;
}

/** A plain object with own keys: no array, no null. */
export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** True when `value` has no keys besides `allowed`. */
export function hasOnly(value: Readonly<Record<string, unknown>>, allowed: readonly string[]): boolean {
  return Object.keys(value).every((key) => allowed.includes(key));
}
