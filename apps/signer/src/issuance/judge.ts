import { revokedValues } from "@seb/authority";
import type { Evidence } from "@seb/evidence";
import {
  type ApprovalBody,
  facts,
  fail,
  ok,
  type PendingBody,
  type PolicyContext,
  type PolicyInput,
  type Result,
} from "@seb/schema";
import { countedApprovals } from "../approvals/count.js";
import type { PendingEntry } from "../journal/state.js";
import type { Signer } from "../signer.js";
import type { Plan } from "./plan.js";
import { type Asked, asLine, type Entitled, type Progress } from "./request.js";

/** Everything a decision is made on. */
export interface Case {
  readonly asked: Asked;
  readonly key: string;
  readonly proposal: string;
  readonly entitled: Entitled;
  readonly plan: Plan;
  readonly tier: number;
  readonly evidence: Evidence;
}

/** A permission. */
export interface Verdict {
  /** Ids of the policies that permit, by rank; none of them is revoked. */
  readonly policies: readonly [string, ...string[]];
  readonly input: PolicyInput;
  /** Approvals without which it would not have been permitted. */
  readonly approvals: readonly ApprovalBody[];
  /** The recorded request that those approvals belong to. */
  readonly pending: string | null;
}

type Policies = readonly [string, ...string[]];

function contextOf(it: Case, approvals: number, needed: number): PolicyContext {
  return facts.contextOf({
    ...it.evidence.facts,
    tier: it.tier,
    approvals,
    approvals_needed: needed,
    shadow: it.plan.mode === "shadow",
  });
}

/**
 * Step `policy`: Cedar decides, default deny. Approvals are looked at only when it denies without them; when they are all that is missing,
 * the request is recorded for people to approve.
 */
export async function judge(
  signer: Pick<Signer, "clock" | "journal">,
  it: Case,
  progress: Progress,
): Promise<Result<Verdict>> {
  const { bundle } = it.entitled.control;
  const needed = bundle.thresholds.approvals[it.tier] ?? 1;
  const alone = ask(it, 0, needed);
  progress.policyInput = alone.input;
  progress.reasons = it.evidence.reasons.map(asLine);
  if (alone.result.ok) return ok({ policies: alone.result.value, input: alone.input, approvals: [], pending: null });
  if (alone.result.error.code !== "policy_denied") return denied(it, alone.result, progress);

  const nowSeconds = signer.clock.nowMs() / 1000;
  const waiting = waitingFor(signer, it, nowSeconds);
  const approvals = waiting
    ? countedApprovals(waiting, bundle, revokedValues(it.entitled.word.view, "key"), nowSeconds).slice(0, 8)
    : [];
  if (waiting && approvals.length > 0) {
    const approved = ask(it, approvals.length, needed);
    progress.policyInput = approved.input;
    if (approved.result.ok)
      return ok({ policies: approved.result.value, input: approved.input, approvals, pending: waiting.body.request });
    if (approved.result.error.code !== "policy_denied") return denied(it, approved.result, progress);
  }
  const withPeople = ask(it, needed, needed).result;
  if (!withPeople.ok)
    return denied(it, withPeople.error.code === "revoked_policy" ? withPeople : alone.result, progress);
  return waiting ? pending(waiting.body.request, approvals.length, needed) : record(signer, it, alone.input, needed);
}

function ask(
  it: Case,
  approvals: number,
  needed: number,
): { readonly input: PolicyInput; readonly result: Result<Policies> } {
  const { entitled, asked } = it;
  const context = contextOf(it, approvals, needed);
  const input = {
    subject: entitled.agent.subject,
    action: asked.body.action,
    service: asked.body.service,
    region: asked.body.region,
    context: { ...context },
  };
  const decided = entitled.control.engine.decide({ ...input, context });
  if (!decided.ok) return { input, result: decided };
  const revoked = revokedValues(entitled.word.view, "policy");
  const [first, ...also] = decided.value.policies.filter((id) => !revoked.has(id));
  if (first !== undefined) return { input, result: ok([first, ...also]) };
  return { input, result: fail("revoked_policy", "every policy that permits this is revoked") };
}

/** The recorded request that waits for people to approve this very proposal, unless things are worse now than when they were asked. */
function waitingFor(signer: Pick<Signer, "journal">, it: Case, nowSeconds: number): PendingEntry | undefined {
  const found = signer.journal.state.waiting(
    {
      subject: it.entitled.agent.subject,
      proposal: it.proposal,
      contract: it.plan.stableContract,
      tier: it.tier,
      bundle: it.entitled.control.bundle.digest,
    },
    nowSeconds,
  );
  return found && !facts.isWorse(it.evidence.facts, found.body.volatile) ? found : undefined;
}

function denied(it: Case, { error }: Extract<Result<Policies>, { ok: false }>, progress: Progress): Result<never> {
  const said = error.facts?.reasons;
  const diagnostics = Array.isArray(said) ? said.map((reason: unknown) => `policy: ${String(reason)}`) : [];
  progress.reasons = [...it.evidence.reasons, ...diagnostics].map(asLine).slice(0, 64);
  return fail(error.code, error.detail, {
    facts: { reasons: progress.reasons.slice(0, 16), risk: it.evidence.facts.risk, tier: it.tier },
  });
}

const pending = (request: string, approvals: number, needed: number) =>
  fail("approval_pending", "only people are missing", { facts: { request, approvals, needed } });

async function record(
  signer: Pick<Signer, "clock" | "journal">,
  it: Case,
  input: PolicyInput,
  needed: number,
): Promise<Result<never>> {
  const { asked, entitled, plan, evidence } = it;
  const { bundle } = entitled.control;
  const nowSeconds = Math.floor(signer.clock.nowMs() / 1000);
  const body: PendingBody = {
    request: `p_${asked.requestId.slice(2)}`,
    asked: asked.requestId,
    subject: entitled.agent.subject,
    jkt: entitled.jkt,
    idempotency_key: it.key,
    op: asked.op,
    action: asked.body.action,
    resource: plan.grant.resource,
    scope: plan.grant.scope,
    proposal: it.proposal,
    contract: plan.stableContract,
    tier: it.tier,
    bundle: bundle.digest,
    expires: nowSeconds + bundle.thresholds.approval_ttl_seconds,
    needed,
    volatile: facts.volatileOf(evidence.facts),
    policy_input: input,
    reasons: evidence.reasons.map(asLine),
  };
  const recorded = await signer.journal.append("pending", body);
  return recorded.ok ? pending(body.request, 0, needed) : recorded;
}
