import { fail, type Result } from "@seb/schema";
import type { StoreCode } from "../port.js";

/** What a script answers: `ok` and values, or a code and facts as name and value in turn. */
export type Reply = readonly [string, ...string[]];

/** The reply, or undefined when the server answered something that no script of ours says. */
export function replyOf(value: unknown): Reply | undefined {
  if (!Array.isArray(value)) return undefined;
  const [first, ...rest] = value.map(String);
  return first === undefined ? undefined : [first, ...rest];
}

/** What each code says; a code that is not among those that a call may answer with counts as no answer. */
const DETAILS = {
  store_discontinuity: "The store is not the one that the signed status was pinned to.",
  status_backwards: "The store holds a view of another place in the history than was asked for.",
  already_used: "The certificate was taken before.",
  expired: "The certificate has ended by the signed time.",
  revoked_everything: "Revoked by a standing order.",
  revoked_certificate: "Revoked by a standing order.",
  revoked_subject: "Revoked by a standing order.",
  revoked_key: "Revoked by a standing order.",
  revoked_policy: "Revoked by a standing order.",
  revoked_bundle: "Revoked by a standing order.",
  revoked_action: "Revoked by a standing order.",
  revoked_resource: "Revoked by a standing order.",
  epoch_stale: "An epoch of the certificate was overtaken.",
  epoch_ahead: "An epoch of the certificate is not in this view yet.",
  once_used: "An id that may be consumed once was consumed before.",
  resource_busy: "Another execution is open on this resource.",
  ceiling_rate_exceeded: "As many takes as the ceiling allows are in its window.",
  fence_lost: "The execution is closed or has another holder.",
} as const satisfies Partial<Record<StoreCode, string>>;
type ReplyCode = keyof typeof DETAILS;

/** Facts that are numbers; the scripts write all as text. */
const NUMBERS: ReadonlySet<string> = new Set([
  "view_seq",
  "min_seq",
  "limit",
  "window_seconds",
  "certificate",
  "floor",
]);

export const unavailable = (detail = "The store does not answer.") => fail("store_unavailable", detail);

function isReplyCode(code: string): code is ReplyCode {
  return Object.hasOwn(DETAILS, code);
}

/** The failure that a reply tells. */
export function failureOf<C extends ReplyCode>(
  [code, ...facts]: Reply,
  allowed: readonly C[],
): Result<never, C | "store_unavailable"> {
  const known = allowed.find((one) => one === code);
  if (!isReplyCode(code) || known === undefined) return unavailable("The store answered with an unknown code.");
  const named: Record<string, string | number> = {};
  for (let i = 0; i + 1 < facts.length; i += 2) {
    const name = facts[i] ?? "";
    const value = facts[i + 1] ?? "";
    named[name] = NUMBERS.has(name) ? Number(value) : value;
  }
  return fail(known, DETAILS[known], Object.keys(named).length === 0 ? {} : { facts: named });
}

/** Codes that `take` and `peek` answer with. */
export const TAKE_CODES = Object.keys(DETAILS).filter((code) => code !== "fence_lost") as Exclude<
  ReplyCode,
  "fence_lost"
>[];
