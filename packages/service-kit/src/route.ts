import type { Code, Failure } from "@seb/schema";
import type { Static, TSchema } from "typebox";
import type { Log } from "./log.js";
import type { ProblemExtra } from "./problem.js";

/** What a handler knows of its request. Everything in it has passed the shell's checks. */
export interface Context<B = unknown> {
  /** `r_` and 26 base32 characters; in the answer, the log and problems. */
  readonly requestId: string;
  /** As sent; a HEAD request is served by the GET route. */
  readonly method: string;
  /** Path without query. */
  readonly url: string;
  /** Named segments of the path: 1 to 128 characters of `A-Z a-z 0-9 . _ ~ -`. */
  readonly params: Readonly<Record<string, string>>;
  /** No key occurs twice. */
  readonly query: URLSearchParams;
  /** Value of a header that was sent exactly once, printable ASCII; otherwise undefined. */
  header(name: string): string | undefined;
  /** The body, already validated against the route's schema; undefined where the route takes none. */
  readonly body: B;
  /** Aborts when the client goes away. An execution must not depend on it. */
  readonly signal: AbortSignal;
  readonly log: Log;
}

export type Answer = {
  readonly status: number;
  readonly body: unknown;
  readonly headers?: Readonly<Record<string, string>>;
};
/** An answer, or a failure that becomes a problem. A string body needs a `content-type` header. */
export type Reply = Answer | { readonly failure: Failure; readonly extra?: ProblemExtra };

/**
 * What a caller shows: nothing; a proof of a registered key; a certificate and a proof of its key (`-if-any`: none is needed, and what is shown must hold);
 * a signed object in the body.
 */
export type Auth = "none" | "proof" | "proof-if-any" | "certificate" | "certificate-if-any" | "signed-body";

/** One operation of a service, as data. */
export interface Route {
  readonly method: "GET" | "POST" | "PUT" | "DELETE";
  /** e.g. `/v1/executions/:cert_id`; also the metrics' label. */
  readonly path: string;
  readonly summary: string;
  /** What the handler asks of its caller; default `none`. Described, not enforced, by the shell. */
  readonly auth?: Auth;
  /** Codes this operation can answer with, besides those of the shell. */
  readonly codes: readonly Code[];
  /** Closed schema of the JSON body; without it a body is refused. */
  readonly body?: TSchema;
  /** What a success answers; described, not enforced, by the shell. */
  readonly success?: { readonly status: 200 | 201; readonly body: TSchema };
  /** Most bytes of body, default 64 KB. */
  readonly maxBytes?: number;
  /** Names the query may hold. Default: none for anything but GET; for GET the handler judges. */
  readonly query?: readonly string[];
  handle(context: Context): Promise<Reply>;
}

/** A route whose handler sees its body with the schema's type. */
export function defineRoute<S extends TSchema>(
  route: Omit<Route, "body" | "handle"> & { readonly body: S; handle(context: Context<Static<S>>): Promise<Reply> },
): Route {
  return {
    ...route,
    // The shell validates against the very schema that the type comes from, before it calls.
    handle: (context) => route.handle(context as Context<Static<S>>),
  };
}
