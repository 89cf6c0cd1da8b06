import { bodyDigest, provenRequest } from "@seb/agents";
import type { ExecutionRequest } from "@seb/schema";
import type { Context } from "@seb/service-kit";
import type { Presented } from "../admission/subject.js";

/** What this request presents, for the list of admission. */
export function presentedBy(
  context: Context,
  certificate: string,
  body: unknown,
  request: ExecutionRequest | undefined,
): Presented {
  return { ...provenRequest(context, body), op: bodyDigest(body), certificate, request };
}
