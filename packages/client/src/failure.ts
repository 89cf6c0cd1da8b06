import type { Code, Failure, Problem } from "@seb/schema";

/** Which service a call went to; `dev` is the control endpoint of `seb dev`. */
export type ServiceName = "signer" | "broker" | "revocation" | "dev";

/** A refusal, or a call that got none: `problem` is the service's own word, when it gave one. */
export interface CallFailure<C extends Code = Code> extends Failure<C> {
  readonly service?: ServiceName;
  readonly problem?: Problem;
}

/** Outcome of a call. Assignable to `Result<T>`. */
export type CallResult<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly error: CallFailure };
