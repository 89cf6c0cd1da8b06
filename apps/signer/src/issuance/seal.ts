import { canonicalize, isJson } from "@seb/canonical";
import { type CertificateClaims, fail, ok, type Result } from "@seb/schema";
import { type PreparedCertificate, restore } from "@seb/signing-core";
import { certificateClaims, checkSignature, gate } from "@seb/verify-core";
import type { Signer } from "../signer.js";
import { profileOf } from "./grant.js";
import type { Case, Verdict } from "./judge.js";
import type { Entitled } from "./request.js";

/** A certificate whose payload is durable in the journal: the only thing that is ever signed. Made by this module alone. */
export class Journalled {
  readonly #made = true;
  private constructor(readonly prepared: PreparedCertificate) {}

  static after(prepared: PreparedCertificate): Journalled {
    return new Journalled(prepared);
  }
  /** False for anything but an object of this class, whatever its type says. */
  static made(value: unknown): value is Journalled {
    return typeof value === "object" && value !== null && #made in value && value.#made;
  }
}

/** Step `journal`: the whole payload, durable. Without it nothing is signed. */
export async function journal(
  signer: Pick<Signer, "journal">,
  it: Case,
  verdict: Verdict,
  prepared: PreparedCertificate,
): Promise<Result<Journalled>> {
  const recorded = await signer.journal.append("issued", {
    request: it.asked.requestId,
    cert_id: prepared.claims.jti,
    subject: it.entitled.agent.subject,
    jkt: it.entitled.jkt,
    idempotency_key: it.key,
    op: it.asked.op,
    proposal: it.proposal,
    pending: verdict.pending,
    claims: prepared.claims,
    payload: prepared.digest,
    policy_input: verdict.input,
    reasons: it.evidence.reasons.slice(0, 64),
  });
  return recorded.ok ? ok(Journalled.after(prepared)) : recorded;
}

/** A certificate that the journal holds already: the same claims, so the same bytes. */
export function fromJournal(
  signer: Pick<Signer, "config">,
  entitled: Entitled,
  claims: CertificateClaims,
): Result<Journalled> {
  const prepared = restore(claims, profileOf(signer, entitled.control.bundle, claims.aud));
  return prepared.ok ? ok(Journalled.after(prepared.value)) : prepared;
}

/** Step `sign`. */
export async function sign(signer: Pick<Signer, "key">, journalled: Journalled): Promise<Result<string>> {
  if (!Journalled.made(journalled)) throw new TypeError("only what is in the journal is signed");
  return ok(await signer.key.sign(journalled.prepared));
}

/** Step `verify`: the new certificate passes the very gate that brokers use, and says what was journalled. */
export async function verifyOwn(
  signer: Pick<Signer, "clock" | "trust">,
  token: string,
  { prepared }: Journalled,
): Promise<Result<void>> {
  const wrong = (why: string) =>
    fail("self_check_failed", "the new certificate does not verify", { facts: { cause: why } });
  const gated = gate(token, "seb-cert+jwt");
  if (!gated.ok) return wrong(gated.error.code);
  const signed = await checkSignature(gated.value, signer.trust(), signer.clock.nowMs() / 1000);
  if (!signed.ok) return wrong(signed.error.code);
  const claims = certificateClaims(signed.value);
  if (!claims.ok) return wrong(claims.error.code);
  if (!isJson(claims.value) || canonicalize(claims.value) !== prepared.payloadText) return wrong("claims_differ");
  return ok(undefined);
}
