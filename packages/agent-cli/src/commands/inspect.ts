import { type CertificateClaims, fail } from "@seb/schema";
import type { Io } from "../io.js";
import { certificateOf } from "../job/state.js";
import { table } from "../report.js";
import { type Outcome, openSession } from "../session.js";
import { claimsOf, noneFailure, noneOf } from "./certificate.js";
import type { ActionCommandFlags, Given } from "./flags.js";

const rfc3339 = (seconds: number) => new Date(seconds * 1000).toISOString().replace(".000Z", "Z");

/** A certificate's claims in plain names. */
function plainNames(claims: CertificateClaims) {
  return {
    verified: false,
    cert_id: claims.jti,
    issuer: claims.iss,
    audience: claims.aud,
    subject: claims.sub,
    ...(claims.act === undefined ? {} : { acting_for: claims.act.sub }),
    issued_at: rfc3339(claims.iat),
    not_before: rfc3339(claims.nbf),
    not_after: rfc3339(claims.exp),
    lifetime_seconds: claims.exp - claims.nbf,
    action: claims.action,
    resource: claims.resource,
    scope: claims.scope,
    evidence: claims.evidence.facts,
    evidence_digest: claims.evidence.digest,
    approver: `policy:${claims.policy.id}`,
    also_permitted_by: claims.policy.also,
    policy_epoch: claims.policy.epoch,
    global_epoch: claims.epochs.global,
    subject_epoch: claims.epochs.subject,
    tier: claims.tier,
    mode: claims.mode,
    consumes: claims.once.map(({ id, until }) => ({ id, until: rfc3339(until) })),
    agent_key: claims.cnf.jkt,
    bundle: claims.bundle,
    contract: claims.contract,
  };
}

/** `agent-cli inspect [certificate]`: decodes, and says that nothing was verified. */
export async function inspect(io: Io, given: Given<ActionCommandFlags>): Promise<Outcome> {
  const [argument, ...more] = given.rest;
  if (more.length > 0) return fail("usage", "one certificate at a time");
  const session = openSession(io, given.flags);
  const folder = session.ok ? session.value.folder : undefined;
  const text = argument === "-" ? io.stdin() : (argument ?? given.flags.cert);
  const certificate = certificateOf(io, folder, text);
  if (!certificate.ok) return certificate;
  const none = noneOf(certificate.value);
  if (none !== undefined) return noneFailure(none);
  const claims = claimsOf(certificate.value);
  if (!claims.ok) return claims;
  const names = plainNames(claims.value);
  const rows = Object.entries(names).map(([name, value]): readonly [string, string] => [
    name,
    typeof value === "string" ? value : JSON.stringify(value),
  ]);
  const notes = ["not verified: this is what the certificate says of itself; broker-cli verify asks the broker"];
  return { ok: true, value: { text: table(rows), json: names, notes } };
}
