import { CODES, type Failure, type Problem } from "@seb/schema";

/** What an answer may add to a failure. */
export interface ProblemExtra {
  /** Step of admission or issuance that refused. */
  readonly step?: string;
  /** Another request id than the one of this HTTP request, e.g. of the recorded proposal. */
  readonly request_id?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export const PROBLEM_TYPE = "application/problem+json";

/** The RFC 9457 problem of a failure: status, title and remedy follow from its code. */
export function problem(failure: Failure, requestId: string, extra: ProblemExtra = {}): Problem {
  const entry = CODES[failure.code];
  return {
    type: `https://seb.dev/problems/${failure.code}`,
    title: entry.title,
    status: entry.status,
    code: failure.code,
    detail: failure.detail.slice(0, 1000),
    remedy: entry.remedy,
    retry: entry.retry,
    request_id: extra.request_id ?? requestId,
    ...(failure.pointer === undefined ? {} : { pointer: failure.pointer.slice(0, 300) }),
    ...(extra.step === undefined ? {} : { step: extra.step }),
    ...(failure.facts === undefined ? {} : { facts: { ...failure.facts } }),
  };
}

/**
 * Headers that a code asks for: a challenge on 401 (RFC 9110 section 11.6.1, RFC 9449 section 7.1) with a link to where
 * certificates are asked for, and the seconds to wait before a retry.
 */
export function problemHeaders(code: Failure["code"], signerUrl?: string): Record<string, string> {
  const { status, retry } = CODES[code];
  const headers: Record<string, string> = {};
  if (status === 401) {
    headers["www-authenticate"] = 'DPoP algs="Ed25519 EdDSA ES256"';
    if (signerUrl !== undefined)
      headers.link = `<${signerUrl}/v1/certificates>; rel="https://seb.dev/rel/certificates"`;
  }
  if (retry === "same" && (status === 429 || status === 503)) headers["retry-after"] = "1";
  return headers;
}
