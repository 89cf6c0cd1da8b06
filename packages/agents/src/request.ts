import { digest, isJson } from "@seb/canonical";
import { fail, ok, type Result } from "@seb/schema";

/** What of an HTTP request a proof of possession is about. */
export interface ProvenRequest {
  /** Value of the header `DPoP`; undefined when there is none. */
  readonly proof: string | undefined;
  /** Method as sent: `HEAD` for a HEAD request, whichever route serves it. */
  readonly method: string;
  /** Path as sent, without query. */
  readonly path: string;
  /** Digest of the body, see {@link bodyDigest}; absent where the request has no body. */
  readonly op?: string;
}

/** What the services' HTTP shell hands to a handler, as far as a proof is about it. */
export interface RequestHead {
  readonly method: string;
  /** Path without query. */
  readonly url: string;
  header(name: string): string | undefined;
}

/** Digest of a request's body as its proof must name it in `op`. @throws TypeError when the body is not JSON: a bug. */
export function bodyDigest(body: unknown): string {
  if (!isJson(body)) throw new TypeError("a validated body is JSON");
  return digest("op", body);
}

/** What the proof of this request is about. `body` is the validated body, or undefined for a request without one. */
export function provenRequest(head: RequestHead, body?: unknown): ProvenRequest {
  return {
    proof: head.header("dpop"),
    method: head.method,
    path: head.url,
    ...(body === undefined ? {} : { op: bodyDigest(body) }),
  };
}

/** The scheme's name is case-insensitive and one or more spaces follow it: RFC 9110, sections 11.1 and 11.4. */
const DPOP_CREDENTIALS = /^dpop +([!-~]+)$/i;

/** The certificate of `Authorization: DPoP <certificate>`: RFC 9449, section 7.1. */
export function presentedCertificate(
  head: Pick<RequestHead, "header">,
): Result<string, "token_missing" | "header_invalid"> {
  const header = head.header("authorization");
  if (header === undefined || header === "") return fail("token_missing", "The request has no Authorization header.");
  const certificate = DPOP_CREDENTIALS.exec(header)?.[1];
  return certificate === undefined
    ? fail("header_invalid", "The Authorization header is not `DPoP`, a space and a certificate.")
    : ok(certificate);
}
