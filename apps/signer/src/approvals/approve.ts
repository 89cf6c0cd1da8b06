import { readVouched, revokedValues } from "@seb/authority";
import { type ApprovalAnswer, type ApprovalClaims, fail, ok, type PendingBody, type Result } from "@seb/schema";
import { verifyApproval } from "@seb/verify-core";
import type { Signer } from "../signer.js";
import { acceptable } from "./approvers.js";
import { countedApprovals } from "./count.js";

/** Called as soon as the approval's signature is known to be a person's: from then on a refusal has its own record. */
export type OnAuthentic = (approver: string) => void;

/**
 * Takes one person's approval of a recorded request. It must say exactly what was recorded, by a key of an approver in the active bundle
 * who neither owns nor answers for the agent, and each person counts once. Durable before it is answered.
 */
export async function approve(
  signer: Pick<Signer, "agents" | "clock" | "config" | "journal" | "locks" | "status" | "view">,
  requestId: string,
  token: string,
  onAuthentic: OnAuthentic,
): Promise<Result<ApprovalAnswer>> {
  const control = await signer.agents.active();
  if (!control.ok) return control;
  const word = await readVouched(signer);
  if (!word.ok) return word;
  const request = signer.journal.state.pending(requestId);
  if (!request) return fail("request_unknown", "there is no such request");
  const { bundle } = control.value;
  const nowSeconds = signer.clock.nowMs() / 1000;
  const revokedKeys = revokedValues(word.value.view, "key");
  const keys = acceptable(bundle, request.body.subject, revokedKeys);
  const verified = await verifyApproval(token, keys, { audience: signer.config.environment, nowSeconds });
  if (!verified.ok) return verified;
  const { claims, kid, name } = verified.value;
  onAuthentic(name);
  const unfit = mismatch(request.body, claims, bundle.digest, nowSeconds);
  if (unfit !== undefined || request.issued !== undefined)
    return fail("approval_invalid", "the approval does not fit the request", { facts: { cause: unfit ?? "issued" } });
  if (keys.get(kid)?.conflict) return fail("approval_conflict", "this person answers for the agent");
  return record(signer, request.body, { claims, kid, name, token }, () => {
    const now = signer.journal.state.pending(requestId);
    return now ? countedApprovals(now, bundle, revokedKeys, nowSeconds).length : 0;
  });
}

/** The first thing in which the approval differs from the request as recorded. */
function mismatch(body: PendingBody, claims: ApprovalClaims, bundle: string, nowSeconds: number): string | undefined {
  if (claims.request !== body.request) return "request";
  if (claims.proposal !== body.proposal) return "proposal";
  if (claims.contract !== body.contract) return "contract";
  if (claims.tier !== body.tier) return "tier";
  if (claims.bundle !== body.bundle || body.bundle !== bundle) return "bundle";
  if (nowSeconds >= body.expires || claims.exp > body.expires) return "expiry";
  return undefined;
}

async function record(
  signer: Pick<Signer, "config" | "journal" | "locks">,
  body: PendingBody,
  by: { readonly claims: ApprovalClaims; readonly kid: string; readonly name: string; readonly token: string },
  counted: () => number,
): Promise<Result<ApprovalAnswer>> {
  const release = await signer.locks.take(
    `approval ${body.request}`,
    AbortSignal.timeout(signer.config.step_timeout_ms),
  );
  if (!release) return fail("deadline_exceeded", "other approvals of this request are under way");
  try {
    const now = signer.journal.state.pending(body.request);
    if (!now || now.issued !== undefined) return fail("approval_invalid", "the request was issued meanwhile");
    if (now.approvals.has(by.name)) return fail("approval_conflict", "this person approved the request before");
    const recorded = await signer.journal.append("approval", {
      request: body.request,
      jti: by.claims.jti,
      approver: by.name,
      kid: by.kid,
      exp: by.claims.exp,
      approval: by.token,
    });
    if (!recorded.ok) return recorded;
    return ok({ request: body.request, approvals: counted(), needed: body.needed });
  } finally {
    void signer.journal.settled().then(release);
  }
}
