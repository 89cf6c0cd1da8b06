/** The system's name of an error, e.g. `ENOENT`; `UNKNOWN` for anything else that was thrown. */
export function errnoOf(error: unknown): string {
  // Not `instanceof`: errors of the system may come from another realm (node:vm).
  const code = typeof error === "object" && error !== null && "code" in error ? error.code : undefined;
  return typeof code === "string" && /^[A-Z0-9_]{1,40}$/.test(code) ? code : "UNKNOWN";
}
