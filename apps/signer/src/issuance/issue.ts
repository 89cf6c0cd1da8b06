import { revokedValues } from "@seb/authority";
import { gatherEvidence } from "@seb/evidence";
import { type CertificateAnswer, type CertificateClaims, type Failure, ok } from "@seb/schema";
import { prepareCertificate } from "@seb/signing-core";
import type { Signer } from "../signer.js";
import { enter } from "./enter.js";
import { entitle } from "./entitle.js";
import { grant, storeEvidence } from "./grant.js";
import { type Case, judge } from "./judge.js";
import { type Plan, plan, tier } from "./plan.js";
import { recordRefusal } from "./refuse.js";
import type { Asked, Entitled, Progress } from "./request.js";
import { fromJournal, type Journalled, journal, sign, verifyOwn } from "./seal.js";
import { createStep, runSteps, type Step } from "./steps.js";

/** How a request ended. A request that waits for people is a refusal with `approval_pending`, whose facts name the recorded request. */
export type Issuance =
  | { readonly kind: "issued"; readonly answer: CertificateAnswer }
  | { readonly kind: "refused"; readonly failure: Failure; readonly step: string };

/** The gathering of evidence ends by itself; this is how much longer the step may take, in milliseconds. */
const GATHERING_SLACK_MS = 500;

/** Issuance from first to last step. Every failure, missed deadline and thrown value is a refusal with a code, and leaves its record. */
export async function issue(signer: Signer, asked: Asked): Promise<Issuance> {
  const progress: Progress = { known: undefined, about: {}, policyInput: undefined, reasons: [], release: [] };
  const step = createStep(signer, asked.requestId);
  try {
    const ended = await runSteps(() => steps(signer, step, asked, progress));
    if (ended.ok) return { kind: "issued", answer: ended.value };
    await recordRefusal(signer, asked, progress, ended.failure, ended.step);
    return { kind: "refused", failure: ended.failure, step: ended.step };
  } finally {
    // The next request with this key must see what this one journals, even when nobody waits for it any more.
    void signer.journal.settled().then(() => {
      for (const release of progress.release) release();
    });
  }
}

async function steps(signer: Signer, step: Step, asked: Asked, progress: Progress): Promise<CertificateAnswer> {
  const entitled = await step("authenticate", () => entitle(signer, asked, progress));
  const entry = await step("validate", (signal) => enter(signer, asked, entitled, progress, signal));
  if (entry.kind === "replay") return replay(signer, step, entry.request, entitled, entry.claims);

  const planned = await step("compile", () => plan(signer, entitled, asked.body));
  const consequence = await step("tier", () => tier(signer, entitled, asked.body, planned));
  progress.about = { ...progress.about, tier: consequence.tier };
  const evidence = await gather(signer, step, asked, entitled, planned, consequence.tier);
  const it: Case = {
    asked,
    key: entry.key,
    proposal: entry.proposal,
    entitled,
    plan: planned,
    tier: consequence.tier,
    evidence,
  };
  const verdict = await step("policy", () => judge(signer, it, progress));
  const granted = await step("profile", () => grant(signer, it, verdict));
  const digest = await step("store", () => storeEvidence(signer, it, verdict, granted.intent.certId));
  const prepared = await step("prepare", () =>
    prepareCertificate({ ...granted.intent, evidence: { digest, facts: granted.facts } }, granted.profile),
  );
  const journalled = await step("journal", () => journal(signer, it, verdict, prepared));
  return finish(signer, step, asked.requestId, journalled, false);
}

function gather(
  signer: Pick<Signer, "clock" | "journal" | "providers">,
  step: Step,
  asked: Asked,
  entitled: Entitled,
  planned: Plan,
  tierNow: number,
) {
  const { bundle } = entitled.control;
  const nowMs = signer.clock.nowMs();
  const input = {
    bundle,
    definition: planned.grant.definition,
    service: planned.grant.service,
    subject: entitled.agent.subject,
    scope: planned.grant.scope,
    parameters: asked.body.parameters,
    items: asked.body.evidence,
    observation: planned.observation,
    revokedKeys: revokedValues(entitled.word.view, "key"),
    recentDenials: signer.journal.state.recentDenials(entitled.agent.subject, nowMs),
    nowMs,
  };
  return step(
    "evidence",
    async () => ok(await gatherEvidence(signer.providers, input, tierNow)),
    bundle.thresholds.evidence_deadline_ms + GATHERING_SLACK_MS,
  );
}

async function replay(
  signer: Pick<Signer, "clock" | "config" | "key" | "metrics" | "trust">,
  step: Step,
  request: string,
  entitled: Entitled,
  claims: CertificateClaims,
) {
  const journalled = await step("prepare", () => fromJournal(signer, entitled, claims));
  return finish(signer, step, request, journalled, true);
}

async function finish(
  signer: Pick<Signer, "clock" | "key" | "metrics" | "trust">,
  step: Step,
  request: string,
  journalled: Journalled,
  replayed: boolean,
): Promise<CertificateAnswer> {
  const certificate = await step("sign", () => sign(signer, journalled));
  await step("verify", () => verifyOwn(signer, certificate, journalled));
  return step("answer", () => {
    const { claims } = journalled.prepared;
    signer.metrics.issued(claims.tier, replayed);
    return ok({
      request,
      certificate,
      cert_id: claims.jti,
      not_after: claims.exp,
      mode: claims.mode,
      policy: claims.policy.id,
      replayed,
    });
  });
}
