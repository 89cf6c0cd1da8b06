import { ApprovalClaims, CLOCK_SKEW, type Code, type Failure, fail, ok, type Result, validate } from "@seb/schema";
import { gate } from "./gate.js";
import { importPublicKey } from "./public-key.js";
import { signatureHolds } from "./signature.js";

export interface VerifiedApproval {
  readonly kid: string;
  readonly name: string;
  readonly claims: ApprovalClaims;
}
/** Approvers' keys by kid; they stand in the control folder, not in the trust file. */
export type ApproverKeys = ReadonlyMap<string, { readonly jwk: unknown; readonly name: string }>;

function invalid(cause: Pick<Failure<Code>, "code" | "detail">) {
  return fail("approval_invalid", cause.detail, { facts: { cause: cause.code } });
}

/**
 * Verifies a person's approval: a key of `keys` signed it, `sub` owns that key, `aud` is this environment, `iat` is not
 * in the future and `exp` not reached. What it approves is for the caller to compare. `facts.cause` says why not.
 */
export async function verifyApproval(
  token: string,
  keys: ApproverKeys,
  rules: { readonly audience: string; readonly nowSeconds: number },
): Promise<Result<VerifiedApproval, "approval_invalid">> {
  const gated = gate(token, "seb-approval+jws");
  if (!gated.ok) return invalid(gated.error);
  const { kid, alg, payload } = gated.value;
  const entry = keys.get(kid);
  if (entry === undefined) return invalid({ code: "token_key_unknown", detail: "No approver has this key." });
  const key = await importPublicKey(entry.jwk);
  if (!key.ok) return invalid(key.error);
  if (key.value.kid !== kid) return invalid({ code: "token_key_unknown", detail: "The key has another thumbprint." });
  if (key.value.alg !== alg)
    return invalid({ code: "token_alg_not_allowed", detail: "The header's alg is not the algorithm of its key." });
  if (!(await signatureHolds(token, key.value.key, alg)))
    return invalid({ code: "token_signature_invalid", detail: "The signature does not verify." });
  const claims = validate(ApprovalClaims, payload, "token_claims_invalid");
  if (!claims.ok) return invalid(claims.error);
  const problem = checkClaims(claims.value, entry.name, rules);
  return problem === undefined ? ok({ kid, name: entry.name, claims: claims.value }) : invalid(problem);
}

function checkClaims(
  claims: ApprovalClaims,
  name: string,
  rules: { readonly audience: string; readonly nowSeconds: number },
): Pick<Failure<Code>, "code" | "detail"> | undefined {
  if (claims.sub !== name) return { code: "issuer_wrong", detail: "The approver is not the owner of the key." };
  if (claims.aud !== rules.audience) return { code: "audience_wrong", detail: "The approval is for another audience." };
  if (!(claims.exp > claims.iat)) return { code: "token_claims_invalid", detail: "The window is empty." };
  if (!(claims.iat <= rules.nowSeconds + CLOCK_SKEW.tokenSeconds))
    return { code: "issued_in_future", detail: "The approval was made in the future." };
  if (!(rules.nowSeconds < claims.exp)) return { code: "expired", detail: "The approval has expired." };
  return undefined;
}
