import { provenRequest } from "@seb/agents";
import { revokedValues } from "@seb/authority";
import {
  ApprovalAnswer,
  ApprovalRequest,
  fail,
  ok,
  PendingAnswer,
  RequestId,
  type Result,
  validate,
} from "@seb/schema";
import { type Context, defineRoute, type Route } from "@seb/service-kit";
import { approve } from "../approvals/approve.js";
import { countedApprovals } from "../approvals/count.js";
import { bounded } from "../bounded.js";
import type { PendingEntry } from "../journal/state.js";
import type { Signer } from "../signer.js";
import { AGENT_CODES, APPROVAL_CODES } from "./codes.js";
import { refuse } from "./refuse.js";

/** `GET /v1/requests/{id}`: what an approver signs, and who already did. Asked with a proof by an agent or an approver of the active bundle. */
export function getRequest(
  signer: Pick<Signer, "agents" | "clock" | "config" | "journal" | "log" | "refusals">,
): Route {
  return {
    method: "GET",
    path: "/v1/requests/:id",
    summary: "A request that waits for people",
    auth: "proof",
    success: { status: 200, body: PendingAnswer },
    codes: [...AGENT_CODES, "request_invalid", "request_unknown"],
    query: [],
    async handle(context) {
      const found = await bounded(signer, find(signer, context));
      return found.ok ? { status: 200, body: found.value } : refuse(signer, context, found);
    },
  };
}

/** `POST /v1/requests/{id}/approvals`: one person's signed approval. The signature is all the authentication it needs. */
export function postApprovals(
  signer: Pick<Signer, "agents" | "clock" | "config" | "journal" | "locks" | "log" | "refusals" | "status" | "view">,
): Route {
  return defineRoute({
    method: "POST",
    path: "/v1/requests/:id/approvals",
    summary: "Approve a request",
    auth: "signed-body",
    success: { status: 200, body: ApprovalAnswer },
    codes: APPROVAL_CODES,
    body: ApprovalRequest,
    async handle(context) {
      const id = requestId(context);
      if (!id.ok) return refuse(signer, context, id);
      let approver: string | undefined;
      const approved = await bounded(
        signer,
        approve(signer, id.value, context.body.approval, (name) => {
          approver = name;
        }),
      );
      if (approved.ok) return { status: 200, body: approved.value };
      return refuse(signer, context, approved, approver === undefined ? undefined : { request: id.value, approver });
    },
  });
}

function requestId({ params }: Pick<Context, "params">): Result<string> {
  const id = validate(RequestId, params.id, "request_invalid");
  return id.ok ? id : fail("request_invalid", "the path does not hold a request id", { pointer: "/id" });
}

async function find(
  signer: Pick<Signer, "agents" | "clock" | "journal">,
  context: Context,
): Promise<Result<PendingAnswer>> {
  const id = requestId(context);
  if (!id.ok) return id;
  const reader = await signer.agents.authenticateReader(provenRequest(context));
  if (!reader.ok) return reader;
  const { control, word } = reader.value;
  const revokedKeys = revokedValues(word.view, "key");
  const entry = signer.journal.state.pending(id.value);
  if (!entry) return fail("request_unknown", "there is no such request");
  const nowSeconds = signer.clock.nowMs() / 1000;
  const counted = countedApprovals(entry, control.bundle, revokedKeys, nowSeconds);
  return ok(
    answerOf(
      entry,
      counted.map(({ approver }) => approver),
      nowSeconds,
    ),
  );
}

function answerOf({ body, issued }: PendingEntry, approvals: string[], nowSeconds: number): PendingAnswer {
  const state = issued !== undefined ? "issued" : nowSeconds >= body.expires ? "expired" : "pending";
  const { request, subject, action, resource, scope, proposal, contract, tier, bundle, expires, needed } = body;
  return {
    request,
    state,
    subject,
    action,
    resource,
    scope,
    proposal,
    contract,
    tier,
    bundle,
    expires,
    approvals,
    needed,
  };
}
