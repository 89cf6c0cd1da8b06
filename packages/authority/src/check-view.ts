import type { CertificateClaims, Result } from "@seb/schema";
import { checkEpochs, type Dated } from "./epochs.js";
import type { TakeRequest, View } from "./port.js";
import { checkRevocations, type Revocable, type RevokedCode } from "./standing.js";

export type ViewCode = RevokedCode | "epoch_stale" | "epoch_ahead";

/** The parts of a certificate that revocations and epochs can name, as `take` asks about them. */
export type RevocableCertificate = Pick<
  TakeRequest,
  "cert_id" | "subject" | "keys" | "policies" | "bundle" | "action" | "resource" | "epochs"
>;

/** What revocations and epochs can name of this certificate; `signerKid` is the thumbprint of the key that signed it. */
export function revocableOf(claims: CertificateClaims, signerKid: string): RevocableCertificate {
  return {
    cert_id: claims.jti,
    subject: claims.sub,
    keys: [claims.cnf.jkt, signerKid],
    policies: [claims.policy.id],
    bundle: claims.bundle,
    action: claims.action,
    resource: claims.resource,
    epochs: {
      global: claims.epochs.global,
      subject: claims.epochs.subject,
      policy: { id: claims.policy.id, epoch: claims.policy.epoch },
    },
  };
}

/**
 * Revocations first, then epochs: what `take` decides in the store, what a guard looks at before sending, what a recall matches a new view
 * with, and what the signer asks before it hands out a certificate again.
 */
export function checkView(
  view: Pick<View, "standing" | "epochs">,
  certificate: Revocable & Dated,
): Result<void, ViewCode> {
  const clean = checkRevocations(view, certificate);
  return clean.ok ? checkEpochs(view, certificate) : clean;
}

/** What of {@link checkView} concerns bundle and policy: refused before a target is asked anything. */
export function checkPolicyInView(
  view: Pick<View, "standing" | "epochs">,
  certificate: RevocableCertificate,
): Result<void, ViewCode> {
  const standing = view.standing.filter(({ target }) => target.kind === "bundle" || target.kind === "policy");
  const clean = checkRevocations({ standing }, certificate);
  return clean.ok ? checkEpochs(view, certificate, ["policy"]) : clean;
}
