import { checkRevocations, epochOf, type View } from "@seb/authority";
import { fail, ok, type Result, type RevocationKind, type StatusClaims } from "@seb/schema";
import type { SignerPorts } from "./ports.js";

/** The revocation service's word as this signer has it: its signed status, and the lists that the status vouches for. */
export interface Word {
  readonly status: StatusClaims;
  readonly view: View;
}

/** What a proposal or a certificate has that a standing revocation can name. */
export interface Revocable {
  readonly subject: string;
  /** Thumbprints: the agent's key and the signer's own. */
  readonly keys: readonly string[];
  readonly bundle: string;
  readonly action: string;
  readonly resource: string;
  readonly cert_id?: string;
  readonly policies?: readonly string[];
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

/** A standing revocation that names it refuses: nothing is issued under it until it is lifted. Epochs are a question of their own. */
export function checkStanding(word: Word, it: Revocable): Result<void> {
  const epochs = { global: 0, subject: 0, policy: { id: "none", epoch: 0 } };
  return checkRevocations(word.view, { policies: [], ...it, epochs });
}

/** Values of one kind under a standing revocation, e.g. every revoked key. */
export function revokedOf(word: Word, kind: RevocationKind): ReadonlySet<string> {
  return new Set(word.view.standing.filter(({ target }) => target.kind === kind).map(({ target }) => target.value));
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
