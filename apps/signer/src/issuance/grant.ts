import { checkRevocations, readVouched } from "@seb/authority";
import { base32Id, canonicalize, digestBytes, isJson } from "@seb/canonical";
import type { Bundle } from "@seb/catalogue";
import { fail, ok, type Result } from "@seb/schema";
import type { CertificateIntent, Profile } from "@seb/signing-core";
import type { Signer } from "../signer.js";
import { epochsOf, policyEpochOf } from "../word.js";
import { factsOf } from "./facts.js";
import type { Case, Verdict } from "./judge.js";

const MAX_CERTIFICATE_BYTES = 6144;

/** A certificate about to be made: everything but the digest of its evidence, which must be stored first. */
export interface Grant {
  readonly profile: Profile;
  readonly intent: Omit<CertificateIntent, "evidence">;
  readonly facts: CertificateIntent["evidence"]["facts"];
}

/** What all certificates of this signer under this bundle have in common. */
export function profileOf(signer: Pick<Signer, "config">, bundle: Bundle, audience: string): Profile {
  return {
    issuer: signer.config.issuer,
    audience,
    ttlSecondsByTier: bundle.thresholds.certificate_ttl_seconds,
    maxTtlSeconds: signer.config.max_ttl_seconds,
    maxBytes: MAX_CERTIFICATE_BYTES,
  };
}

/**
 * Step `profile`: audience, life, epochs. The epochs are those under which the request was judged, so that whatever was raised meanwhile
 * makes this certificate stale; standing revocations are looked at once more.
 */
export async function grant(
  signer: Pick<Signer, "clock" | "config" | "key" | "random" | "status" | "view">,
  it: Case,
  verdict: Verdict,
): Promise<Result<Grant>> {
  const { entitled, asked, plan } = it;
  const { bundle } = entitled.control;
  const { subject } = entitled.agent;
  const word = await readVouched(signer);
  if (!word.ok) return word;
  const [id, ...others] = verdict.policies;
  const standing = checkRevocations(word.value.view, {
    subject,
    keys: [entitled.jkt, signer.key.kid],
    bundle: bundle.digest,
    action: asked.body.action,
    resource: plan.grant.resource,
    policies: [id],
  });
  if (!standing.ok) return standing;
  return ok({
    profile: profileOf(signer, bundle, plan.grant.audience),
    facts: factsOf(it.evidence, verdict, asked.body.evidence),
    intent: {
      certId: base32Id("c_", signer.random(17)),
      subject,
      action: asked.body.action,
      resource: plan.grant.resource,
      scope: plan.grant.scope,
      contract: plan.contract,
      bundle: bundle.digest,
      policy: { id, also: others.slice(0, 8), epoch: policyEpochOf(entitled.word, id) },
      epochs: epochsOf(entitled.word, subject),
      tier: it.tier,
      mode: plan.mode,
      once: verdict.approvals.map(({ jti, exp }) => ({ id: jti, until: exp })),
      jkt: entitled.jkt,
      nowSeconds: signer.clock.nowMs() / 1000,
    },
  });
}

/** Step `store`: everything that was looked at, durable before anything is signed. Answers the digest of its bytes. */
export async function storeEvidence(
  signer: Pick<Signer, "clock" | "evidence">,
  it: Case,
  verdict: Verdict,
  certId: string,
): Promise<Result<string>> {
  const { observation, ...proposal } = it.asked.body;
  const document = {
    ver: 1,
    cert_id: certId,
    request: it.asked.requestId,
    subject: it.entitled.agent.subject,
    proposal,
    observation,
    found: it.evidence.details,
    reasons: it.evidence.reasons,
    tier: it.tier,
    policy_input: verdict.input,
    policies: verdict.policies,
    approvals: verdict.approvals.map(({ approval }) => approval),
    at_ms: signer.clock.nowMs(),
  };
  if (!isJson(document)) throw new TypeError("evidence is JSON");
  const bytes = new TextEncoder().encode(canonicalize(document));
  const stored = await signer.evidence.put(bytes);
  if (stored.ok && stored.value !== digestBytes(bytes))
    return fail("record_failed", "the evidence store answered with another digest");
  return stored;
}
