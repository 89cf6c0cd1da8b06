import { checkView, revocableOf, type Vouched } from "@seb/authority";
import { proposalDigest } from "@seb/canonical";
import { type CertificateClaims, fail, IdempotencyKey, ok, type Result, validate } from "@seb/schema";
import type { Signer } from "../signer.js";
import type { Asked, Entitled, Progress } from "./request.js";

/** A request that may go on: new, or one whose certificate the journal already holds. */
export type Entry =
  | { readonly kind: "new"; readonly key: string; readonly proposal: string }
  | { readonly kind: "replay"; readonly request: string; readonly claims: CertificateClaims };

/**
 * Step `validate`: the idempotency key and what it was used for. From here on no other request with the same key, and none with the same
 * proposal, runs beside this one, until this one has ended and whatever it journals is durable.
 */
export async function enter(
  signer: Pick<Signer, "clock" | "journal" | "key" | "locks">,
  asked: Asked,
  entitled: Entitled,
  progress: Progress,
  signal: AbortSignal,
): Promise<Result<Entry>> {
  const key = validate(IdempotencyKey, asked.idempotencyKey, "idempotency_key_missing");
  if (!key.ok) return fail("idempotency_key_missing", "an Idempotency-Key of 16 to 128 letters, digits, - or _");
  const names = asked.body.evidence.flatMap((item) => (item.type === "reference" ? [item.name] : []));
  if (new Set(names).size !== names.length)
    return fail("request_invalid", "two references have one name", { pointer: "/evidence" });
  const broken = signer.journal.broken();
  if (broken) return fail(broken, "the journal cannot be written any more");
  const proposal = proposalDigest(asked.body);
  progress.about = { ...progress.about, proposal, idempotency_key: key.value };
  const { subject } = entitled.agent;
  for (const name of [`key ${subject} ${key.value}`, `proposal ${subject} ${proposal}`]) {
    const release = await signer.locks.take(name, signal);
    if (!release) return fail("deadline_exceeded", "the same request is still under way");
    progress.release.push(release);
  }
  const use = signer.journal.state.keyUse(subject, key.value);
  if (use?.kind === "issued") {
    if (use.entry.op !== asked.op) return conflict();
    const usable = checkReplay(use.entry.claims, entitled, signer.key.kid, signer.clock.nowMs() / 1000);
    return usable.ok ? ok({ kind: "replay", request: use.entry.request, claims: use.entry.claims }) : usable;
  }
  if (use !== undefined && use.proposal !== proposal) return conflict();
  return ok({ kind: "new", key: key.value, proposal });
}

const conflict = () => fail("idempotency_conflict", "that idempotency key was used with another request");

/** A certificate is handed out again only while it could be used, and only to the key that it is bound to. */
function checkReplay(
  claims: CertificateClaims,
  { jkt, word }: Pick<Entitled, "jkt"> & { readonly word: Vouched },
  signerKid: string,
  nowSeconds: number,
): Result<void> {
  if (claims.cnf.jkt !== jkt)
    return fail("proof_key_mismatch", "the certificate is bound to another key of this agent");
  if (nowSeconds >= claims.exp) return fail("expired", "the certificate of this request has expired");
  // It is signed anew by the signer's present key.
  return checkView(word.view, revocableOf(claims, signerKid));
}
