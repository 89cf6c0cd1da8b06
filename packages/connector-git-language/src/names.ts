// Alphabets of what an operation names: it reaches git's command line or a tree. What does not fit is refused, never quoted.

const BRANCH = /^[A-Za-z0-9][A-Za-z0-9._/-]{0,99}$/;
const PATH = /^[A-Za-z0-9_@+=,./-]{1,190}$/;
const OID = /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/;
const POINTER = /^(?:\/(?:[^~/]|~[01])*)+$/u;
const CONTROL = /\p{Cc}/u;

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
