import type { Code, Failure, Problem } from "@seb/schema";

/** Which service a call went to; `dev` is the control endpoint of `seb dev`. */
export type ServiceName = "signer" | "broker" | "revocation" | "dev";

/** A refusal, or a call that got none: `problem` is the service's own word, when it gave one. */
export interface CallFailure<C extends Code = Code> extends Failure<C> {
  readonly service?: ServiceName;
  readonly problem?: Problem;
  /** The request left this machine, so the service may have acted on it, whatever became of the answer. */
  readonly sent?: boolean;
  /** The certificate that the call presented, as far as it can be read. */
  readonly certId?: string;
  /** What to do, where more is known than the table of codes says. */
  readonly remedy?: string;
}

/** Outcome of a call. Assignable to `Result<T>`. */
export type CallResult<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly error: CallFailure };
