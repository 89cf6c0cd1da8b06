import { canonicalize, isJson, type Json } from "@seb/canonical";
import { CertificateClaims, fail, ok, type Result, validate } from "@seb/schema";
import { makePrepared, type PreparedCertificate } from "./prepared.js";
import { assertProfile, type Profile, ttlSecondsOf } from "./profile.js";

/** What the signer decided, in words of the domain. Issuer, audience and times are not the caller's to choose. */
export interface CertificateIntent {
  /** `c_` and 26 base32 characters. */
  readonly certId: string;
  /** The authenticated agent, e.g. `agent:oncall-v3`. */
  readonly subject: string;
  readonly act?: NonNullable<CertificateClaims["act"]>;
  readonly action: string;
  readonly resource: string;
  readonly scope: CertificateClaims["scope"];
  readonly contract: CertificateClaims["contract"];
  /** Digest of the control bundle that the contract was compiled from. */
  readonly bundle: string;
  readonly evidence: CertificateClaims["evidence"];
  readonly policy: CertificateClaims["policy"];
  readonly epochs: CertificateClaims["epochs"];
  readonly tier: number;
  readonly mode: CertificateClaims["mode"];
  readonly once: CertificateClaims["once"];
  /** Thumbprint of the agent's key. */
  readonly jkt: string;
  /** Seconds since the Unix epoch; fractions are cut off. */
  readonly nowSeconds: number;
}

export type PrepareCode = "certificate_too_large" | "lifetime_too_long" | "self_check_failed";

/** Bytes of the longest header, `{"alg":"Ed25519","typ":"seb-cert+jwt","kid":"<43>"}`, of a signature and of two dots. */
const HEADER_BYTES = base64urlLength(`{"alg":"Ed25519","typ":"seb-cert+jwt","kid":"${"k".repeat(43)}"}`.length);
const SIGNATURE_BYTES = base64urlLength(64);
const DOTS = 2;

function base64urlLength(bytes: number): number {
  return Math.ceil((bytes * 4) / 3);
}

/**
 * Turns an intent into the content of one certificate: window from the profile, closed schema, one spelling (RFC 8785),
 * size. `self_check_failed` means that the caller's intent contradicts itself or does not fit the schema.
 *
 * @throws TypeError for a profile outside the absolute bounds.
 */
export function prepareCertificate(
  intent: CertificateIntent,
  profile: Profile,
): Result<PreparedCertificate, PrepareCode> {
  assertProfile(profile);
  const nbf = Math.floor(intent.nowSeconds);
  return check(
    {
      ver: 1,
      jti: intent.certId,
      iss: profile.issuer,
      aud: profile.audience,
      sub: intent.subject,
      ...(intent.act === undefined ? {} : { act: intent.act }),
      iat: nbf,
      nbf,
      exp: nbf + ttlSecondsOf(profile, intent.tier),
      action: intent.action,
      resource: intent.resource,
      scope: intent.scope,
      contract: intent.contract,
      bundle: intent.bundle,
      evidence: intent.evidence,
      policy: intent.policy,
      epochs: intent.epochs,
      tier: intent.tier,
      mode: intent.mode,
      once: intent.once,
      cnf: { jkt: intent.jkt },
    },
    profile,
  );
}

/**
 * Prepares a certificate anew from its journalled claims, so that a repeated request gets the same certificate: the same
 * claims give the same bytes. They are held to the profile in force now, except that the life by tier may have been
 * shortened since: there the profile's maximum counts.
 *
 * @throws TypeError for a profile outside the absolute bounds.
 */
export function restore(claims: CertificateClaims, profile: Profile): Result<PreparedCertificate, PrepareCode> {
  assertProfile(profile);
  return check(claims, profile);
}

function check(claims: unknown, profile: Profile): Result<PreparedCertificate, PrepareCode> {
  // A deep copy of plain JSON: what is checked is what will be signed, whatever the caller does to its own objects.
  if (!isJson(claims)) return fail("self_check_failed", "The certificate is not plain JSON.");
  const payload = canonicalize(claims);
  const copy: Json = JSON.parse(payload);
  const valid = validate(CertificateClaims, copy, "self_check_failed");
  if (!valid.ok) return valid;
  const incoherent = incoherence(valid.value, profile);
  if (incoherent !== undefined) return fail("self_check_failed", incoherent);
  const { iat, nbf, exp } = valid.value;
  if (!(exp - Math.min(iat, nbf) <= profile.maxTtlSeconds))
    return fail("lifetime_too_long", `A certificate lives at most ${profile.maxTtlSeconds} s.`);
  const size = HEADER_BYTES + base64urlLength(Buffer.byteLength(payload, "utf8")) + SIGNATURE_BYTES + DOTS;
  if (size > profile.maxBytes)
    return fail("certificate_too_large", `The certificate would have ${size} bytes; ${profile.maxBytes} are allowed.`, {
      facts: { size, max_bytes: profile.maxBytes },
    });
  return ok(makePrepared(valid.value, payload));
}

/** What a certificate says twice has to agree. */
function incoherence(claims: CertificateClaims, profile: Profile): string | undefined {
  if (claims.iss !== profile.issuer) return "The issuer is not the profile's.";
  if (claims.aud !== profile.audience) return "The audience is not the profile's.";
  if (claims.contract.audience !== claims.aud) return "The contract is for another audience.";
  if (claims.contract.action !== claims.action) return "The contract is for another action.";
  if (claims.contract.resource !== claims.resource) return "The contract is for another resource.";
  if (!(claims.nbf < claims.exp) || !(claims.iat < claims.exp)) return "The window is empty.";
  return undefined;
}
