import type { Code, Failure, Result } from "@seb/schema";

/** Why a service cannot start or do what was asked: an expected failure with its code. */
export class StartError extends Error {
  readonly failure: Failure;
  /** What was being opened, for readiness: `redis`, `records`, `trust`. */
  readonly what: string;

  constructor(failure: Failure, what = "start") {
    super(failure.detail);
    this.name = "StartError";
    this.failure = failure;
    this.what = what;
  }
}

/** The value, or a {@link StartError}: set-up has no way to go on without it. `what` says what was being done. */
export function need<T, C extends Code>(result: Result<T, C>, what: string): T {
  if (result.ok) return result.value;
  throw new StartError({ ...result.error, detail: `${what}: ${result.error.detail}` }, what);
}
