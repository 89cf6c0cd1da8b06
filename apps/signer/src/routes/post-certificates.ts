import { bodyDigest, provenRequest } from "@seb/agents";
import { CertificateAnswer, CertificateRequest } from "@seb/schema";
import { type Context, defineRoute, type Reply, type Route } from "@seb/service-kit";
import { issue } from "../issuance/issue.js";
import type { Signer } from "../signer.js";
import { CERTIFICATE_CODES } from "./codes.js";

const MAX_BODY_BYTES = 262_144;

/** `POST /v1/certificates`: a proposal, proved by the agent's key; 201 with a certificate, 202 while people are missing. */
export function postCertificates(signer: Signer): Route {
  return defineRoute({
    method: "POST",
    path: "/v1/certificates",
    summary: "Ask for a certificate for exactly one change",
    auth: "proof",
    codes: CERTIFICATE_CODES,
    body: CertificateRequest,
    success: { status: 201, body: CertificateAnswer },
    maxBytes: MAX_BODY_BYTES,
    handle: (context) => handle(signer, context),
  });
}

async function handle(signer: Signer, context: Context<CertificateRequest>): Promise<Reply> {
  const { body } = context;
  const issuance = await issue(signer, {
    requestId: context.requestId,
    body,
    ...provenRequest(context, body),
    op: bodyDigest(body),
    idempotencyKey: context.header("idempotency-key"),
  });
  if (issuance.kind === "issued") return { status: 201, body: issuance.answer };
  const { failure, step } = issuance;
  const recorded = failure.code === "approval_pending" ? failure.facts?.request : undefined;
  return { failure, extra: { step, ...(typeof recorded === "string" ? { request_id: recorded } : {}) } };
}
