import type { Code, Failure, Result } from "@seb/schema";

/** Why dev cannot start or do what was asked: an expected failure with its code. */
export class DevError extends Error {
  readonly failure: Failure;

  constructor(failure: Failure) {
    super(failure.detail);
    this.name = "DevError";
    this.failure = failure;
  }
}

/** The value, or a {@link DevError}: set-up has no way to go on without it. `what` says what was being done. */
export function need<T, C extends Code>(result: Result<T, C>, what: string): T {
  if (result.ok) return result.value;
  throw new DevError({ ...result.error, detail: `${what}: ${result.error.detail}` });
}
