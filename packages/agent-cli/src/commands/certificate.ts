import type { CallResult } from "@seb/client";
import { CertificateClaims, fail, type Result, validate } from "@seb/schema";
import { decodeUnverified } from "@seb/verify-core";

/** `none:<request id>` instead of a certificate: which request got none. */
export function noneOf(value: string): string | undefined {
  return /^none:([rup]_[a-z2-7]{26})$/.exec(value)?.[1];
}

/** Whether the value is meant as {@link noneOf} but names no request. */
export function isBrokenNone(value: string): boolean {
  return value.startsWith("none:") && noneOf(value) === undefined;
}

/** The failure that `none:` stands for: refused, waiting for people, or never answered. */
export function noneFailure(requestId: string): CallResult<never> {
  const facts = { facts: { request: requestId } };
  if (requestId.startsWith("r_")) return fail("certificate_absent", `request ${requestId} was refused`, facts);
  if (requestId.startsWith("p_")) return fail("approval_pending", `request ${requestId} waits for approval`, facts);
  return fail("certificate_unasked", `request ${requestId} got no answer`, facts);
}

/** The claims as the token states them. Nothing is verified. */
export function claimsOf(certificate: string): Result<CertificateClaims> {
  const decoded = decodeUnverified(certificate, "seb-cert+jwt");
  return decoded.ok ? validate(CertificateClaims, decoded.value.claims, "token_claims_invalid") : decoded;
}
