// What the answers of the API server mean for an execution.
import type { Reply } from "./client.js";
import { textAt } from "./json.js";

/** How a sending ended. Everything but `lost` and `unclear` is final: what was refused happens no more. */
export type Verdict =
  | "done"
  /** RBAC says no: not bound yet, or not any more. */
  | "unbound"
  /** A test failed, an admission policy or the validation said no, or the object is not there. */
  | "refused"
  /** Not taken now; may be sent again. */
  | "busy"
  | "unsent"
  /** Most likely lost with a connection that was closed already; perhaps not. */
  | "lost"
  | "unclear";

/** RBAC's refusal, as the API server words it; a policy's is worded otherwise. No field tells the two apart. */
const RBAC_REFUSAL = /cannot (?:patch|delete) resource /;
const POLICY = /ValidatingAdmissionPolicy '([a-z0-9.-]{1,100})'/;

/** Judges the reply to a write. A server error or a lost connection says nothing about the write. */
export function verdictOf(reply: Reply): Verdict {
  if (!reply.answered) return reply.stale ? "lost" : reply.sent ? "unclear" : "unsent";
  const { status } = reply;
  if (status >= 200 && status < 300) return "done";
  if (status === 401) return "unbound";
  if (status === 403) {
    const message = textAt(reply.body, "message") ?? "";
    return RBAC_REFUSAL.test(message) && !POLICY.test(message) ? "unbound" : "refused";
  }
  if (status === 409 || status === 429) return "busy";
  return status >= 400 && status < 500 ? "refused" : "unclear";
}

/** Name of the admission policy that refused, where one did. */
export function policyOf(reply: Reply): string | undefined {
  return reply.answered ? POLICY.exec(textAt(reply.body, "message") ?? "")?.[1] : undefined;
}
