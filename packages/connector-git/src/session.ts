import type { SessionRequest } from "@seb/connector";
import { type GitOperation, readOperation, readPrecondition } from "@seb/connector-git-language";
import { fail, failMistakes, ok, type Result } from "@seb/schema";
import { CERTIFICATE_TRAILER } from "./marker.js";
import { markerRef } from "./names.js";

/** The parts of an execution that come from its certificate. */
export interface Plan {
  readonly certId: string;
  readonly operation: GitOperation;
  /** Blob id by path. */
  readonly certified: ReadonlyMap<string, string>;
  readonly message: string;
}

// What may stand in a commit message: one line, so that no text of a certificate can add a trailer.
const WORD = /^[a-z0-9:/*._-]{1,200}$/;

/**
 * Reads what is to be done. Refused: an operation with open parameters, a precondition that is none of this connector's, a file that is
 * changed without being certified.
 */
export function readPlan(request: SessionRequest): Result<Plan, "target_refused"> {
  const { action, resource, precondition } = request.contract;
  if (
    markerRef(request.cert_id) === undefined ||
    ![action, resource, request.subject].every((word) => WORD.test(word))
  ) {
    return fail("target_refused", "The certificate id, action, resource or subject is of another alphabet.");
  }
  const operation = readOperation(request.operation.operation, "filled");
  if (!operation.ok) return fail("target_refused", operation.error.detail);
  const certified = readPrecondition(operation.value, precondition);
  if (!certified.ok) return failMistakes("target_refused", certified.mistakes);
  const trailers = `${CERTIFICATE_TRAILER}: ${request.cert_id}\nSEB-Subject: ${request.subject}\n`;
  return ok({
    certId: request.cert_id,
    operation: operation.value,
    certified: certified.value,
    message: `${action} ${resource}\n\n${trailers}`,
  });
}
