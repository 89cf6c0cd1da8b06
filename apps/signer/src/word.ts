import { epochOf, type Vouched } from "@seb/authority";

/** The epochs that a certificate decided under this word carries: the higher of status and view, since neither ever falls. */
export function epochsOf(
  { status, view }: Vouched,
  subject: string,
): { readonly global: number; readonly subject: number } {
  return {
    global: Math.max(status.epochs.global, view.epochs.global),
    subject: Math.max(epochOf(status.epochs.subject, subject), epochOf(view.epochs.subject, subject)),
  };
}

/** The epoch of one policy under this word. */
export function policyEpochOf({ status, view }: Vouched, policy: string): number {
  return Math.max(epochOf(status.epochs.policy, policy), epochOf(view.epochs.policy, policy));
}
