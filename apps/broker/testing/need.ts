import type { Result } from "@seb/schema";

/** The value of a success. @throws when it is none. */
export function need<T>(result: Result<T>): T {
  if (!result.ok) throw new Error(`${result.error.code}: ${result.error.detail}`);
  return result.value;
}
