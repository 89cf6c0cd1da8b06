import { epochOf, type View } from "@seb/authority";
import { fail, ok, type Result, type StatusClaims } from "@seb/schema";
import type { SignerPorts } from "./ports.js";

/** The revocation service's word as this signer has it: its signed status, and the lists that the status vouches for. */
export interface Word {
  readonly status: StatusClaims;
  readonly view: View;
}

/**
 * Reads status, then view. The view is written before the status that announces it, so it may be newer and never older; it must belong
 * to the very run of the store that the status is pinned to.
 */
export async function readWord(ports: Pick<SignerPorts, "status" | "view">): Promise<Result<Word>> {
  const status = ports.status.current();
  if (!status.ok) return status;
  const view = await ports.view.read();
  if (!view.ok) return view;
  if (view.value.run_id !== status.value.run_id || view.value.generation !== status.value.generation)
    return fail("store_discontinuity", "the view is not the one that the signed status is pinned to");
  if (view.value.seq < status.value.seq)
    return fail("status_backwards", "the view is older than the signed status", { facts: { seq: view.value.seq } });
  return ok({ status: status.value, view: view.value });
}

/** The epochs that a certificate decided under this word carries: the higher of status and view, since neither ever falls. */
export function epochsOf(
  { status, view }: Word,
  subject: string,
): { readonly global: number; readonly subject: number } {
  return {
    global: Math.max(status.epochs.global, view.epochs.global),
    subject: Math.max(epochOf(status.epochs.subject, subject), epochOf(view.epochs.subject, subject)),
  };
}

/** The epoch of one policy under this word. */
export function policyEpochOf({ status, view }: Word, policy: string): number {
  return Math.max(epochOf(status.epochs.policy, policy), epochOf(view.epochs.policy, policy));
}
