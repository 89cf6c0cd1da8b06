/** `code` of a thrown system error, e.g. "ENOENT"; looked up by shape, since an error may come from another realm (node:vm). */
export function systemCode(error: unknown): string | undefined {
  if (typeof error !== "object" || error === null || !("code" in error)) return undefined;
  return typeof error.code === "string" ? error.code : undefined;
}
