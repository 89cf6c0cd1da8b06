import { fail, ok, patternsCovering, type Result, type RevocationKind, type RevocationTarget } from "@seb/schema";
import type { View } from "./port.js";

/** What a standing revocation can name of something. An absent member is one that it does not have, so that nothing names it. */
export interface Revocable {
  /** Absent while the certificate does not exist yet (issuance). */
  readonly cert_id?: string;
  readonly subject?: string;
  /** Thumbprints of every key that it rests on. */
  readonly keys: readonly string[];
  /** Ids of the policies that it rests on: of a certificate `policy.id` alone (docs/adr/0009). */
  readonly policies?: readonly string[];
  readonly bundle?: string;
  readonly action?: string;
  readonly resource?: string;
}

export type RevokedCode = `revoked_${RevocationKind}`;

/** Kinds in the order in which they are looked at: when several revocations apply, every service answers with the same code. */
export const REVOCATION_ORDER = [
  "everything",
  "certificate",
  "subject",
  "key",
  "policy",
  "bundle",
  "action",
  "resource",
] as const satisfies readonly RevocationKind[];

/** Spelling of a target, equal exactly for equal targets: names it in ledgers and in the stored view. */
export function targetKey({ kind, value }: Pick<RevocationTarget, "kind" | "value">): string {
  return `${kind}:${value}`;
}

function valuesNaming(kind: RevocationKind, it: Revocable): readonly string[] {
  const one = (value: string | undefined) => (value === undefined ? [] : [value]);
  switch (kind) {
    case "everything":
      return ["*"];
    case "certificate":
      return one(it.cert_id);
    case "subject":
      return one(it.subject);
    case "key":
      return it.keys;
    case "policy":
      return it.policies ?? [];
    case "bundle":
      return one(it.bundle);
    case "action":
      return one(it.action);
    case "resource":
      return it.resource === undefined ? [] : patternsCovering(it.resource);
  }
}

/**
 * Every target whose revocation refuses `it`, by kind in the order of {@link REVOCATION_ORDER}. This list is the one rule of what a
 * revocation names: the stores look these targets up, everyone else compares the view with them.
 */
export function targetsNaming(it: Revocable): readonly { readonly kind: RevocationKind; readonly value: string }[] {
  return REVOCATION_ORDER.flatMap((kind) => valuesNaming(kind, it).map((value) => ({ kind, value })));
}

/**
 * The first standing revocation that refuses, by kind and then by age (the list is oldest first); its order stands in the facts. What is in the
 * view stands: only the revocation service removes an entry whose `until` has passed, and no reader's clock lifts one.
 */
export function checkRevocations(view: Pick<View, "standing">, it: Revocable): Result<void, RevokedCode> {
  const naming = new Set(targetsNaming(it).map(targetKey));
  const found = new Map<RevocationKind, View["standing"][number]>();
  for (const entry of view.standing) {
    const { kind } = entry.target;
    if (!found.has(kind) && naming.has(targetKey(entry.target))) found.set(kind, entry);
  }
  for (const kind of REVOCATION_ORDER) {
    const entry = found.get(kind);
    if (entry === undefined) continue;
    const facts = { order: entry.order, target: entry.target.value };
    return fail(`revoked_${kind}`, `Revoked by order ${entry.order}.`, { facts });
  }
  return ok(undefined);
}

/** Values of one kind that stand revoked, e.g. every revoked key. For keys of people and services, which no kind but `key` names. */
export function revokedValues(view: Pick<View, "standing">, kind: RevocationKind): ReadonlySet<string> {
  return new Set(view.standing.filter(({ target }) => target.kind === kind).map(({ target }) => target.value));
}
