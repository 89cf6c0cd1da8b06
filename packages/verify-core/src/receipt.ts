import { type FinalState, fail, isFinal, type OutcomeBody, ok, outcomeOf, type Result, readBody } from "@seb/schema";
import { type RecordCode, verifyRecord } from "./record.js";
import type { Trust } from "./trust.js";

/** What a receipt proves: what the broker of that audience recorded as the end of one execution. */
export interface VerifiedReceipt {
  readonly kid: string;
  /** Instance of the broker that recorded it. */
  readonly writer: string;
  /** The broker's wall clock when it recorded it. */
  readonly at_ms: number;
  readonly outcome: OutcomeBody & { readonly state: FinalState };
}

export interface ReceiptRules {
  /** The broker's audience: the record key must serve it. */
  readonly audience: string;
}
export type ReceiptCode = RecordCode | "audience_wrong" | "records_broken";

/**
 * Verifies a receipt: the line of a final outcome's own record, signed by a record key of an instance of that audience's broker. The
 * place in the chain is not proved by it: that nothing was left out is for whoever reads the chain.
 *
 * Codes of a record, `audience_wrong` for a record key that serves another audience (the signer's and the revocation service's do),
 * `token_claims_invalid` for a record that is not a final outcome, `records_broken` for a body that does not fit.
 */
export async function verifyReceipt(
  line: string,
  trust: Trust,
  { audience }: ReceiptRules,
): Promise<Result<VerifiedReceipt, ReceiptCode>> {
  const verified = await verifyRecord(line, trust);
  if (!verified.ok) return verified;
  const { kid, key, claims } = verified.value;
  if (key.aud !== audience) return fail("audience_wrong", "The record key does not serve this broker's audience.");
  const read = readBody(claims.kind, claims.body);
  if (!read.ok) return read;
  if (read.value?.kind !== "outcome")
    return fail("token_claims_invalid", "A receipt is the record of an outcome.", { pointer: "/kind" });
  const { state } = read.value.body;
  if (!isFinal(state) || !outcomeOf(state).receipt)
    return fail("token_claims_invalid", "A receipt is the record of a final outcome.", { pointer: "/body/state" });
  return ok({ kid, writer: claims.writer, at_ms: claims.at_ms, outcome: { ...read.value.body, state } });
}
