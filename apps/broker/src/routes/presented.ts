import { digest, isJson } from "@seb/canonical";
import { type ExecutionRequest, fail, ok, type Result } from "@seb/schema";
import type { Context } from "@seb/service-kit";
import type { Presented } from "../admission/subject.js";

const SCHEME = /^DPoP ([!-~]+)$/;

/** The certificate of `Authorization: DPoP <certificate>` (RFC 9449, section 7.1). */
export function certificateOf(context: Pick<Context, "header">): Result<string, "token_missing" | "header_invalid"> {
  const header = context.header("authorization");
  if (header === undefined || header === "") return fail("token_missing", "no Authorization header");
  const match = SCHEME.exec(header);
  return match?.[1] === undefined
    ? fail("header_invalid", "the Authorization header is not of the scheme DPoP")
    : ok(match[1]);
}

/** Digest of the body as the proof must name it. */
export function opOf(body: unknown): string {
  if (!isJson(body)) throw new TypeError("a validated body is JSON");
  return digest("seb-op-v1", body);
}

/** What this request presents, for the list of admission. */
export function presentedBy(
  context: Context,
  certificate: string,
  body: unknown,
  request: ExecutionRequest | undefined,
): Presented {
  return {
    certificate,
    proof: context.header("dpop"),
    request,
    op: opOf(body),
    method: "POST",
    path: context.url,
  };
}
