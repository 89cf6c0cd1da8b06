import type { ApprovalBody, DeniedBody, IssuedBody, PendingBody } from "@seb/schema";

/** A certificate that the journal holds, and the request it answers. */
export type IssuedEntry = Pick<IssuedBody, "request" | "op" | "claims">;

/** A recorded request that waits, or waited, for people. */
export interface PendingEntry {
  readonly body: PendingBody;
  /** By approver: one person counts once. */
  readonly approvals: ReadonlyMap<string, ApprovalBody>;
  /** Set when a certificate consumed its approvals: from then on they count for nothing. */
  readonly issued: string | undefined;
}

/** What the journal says an idempotency key was used for. */
export type KeyUse =
  | { readonly kind: "issued"; readonly entry: IssuedEntry }
  | { readonly kind: "pending" | "denied"; readonly proposal: string };

/** One journal record, as far as the signer's state follows from it. */
export type JournalRecord =
  | { readonly kind: "issued"; readonly atMs: number; readonly body: IssuedBody }
  | { readonly kind: "pending"; readonly atMs: number; readonly body: PendingBody }
  | { readonly kind: "approval"; readonly atMs: number; readonly body: ApprovalBody }
  | { readonly kind: "denied"; readonly atMs: number; readonly body: DeniedBody };

/** Idempotency keys and ended requests are forgotten this long after they can matter. */
const KEPT_SECONDS = 86_400;
const DENIAL_WINDOW_MS = 3_600_000;
const PRUNE_EVERY = 1024;

/** The signer's state: nothing but a fold over its journal, alike whether read back at start or followed while running. */
export interface JournalState {
  apply(record: JournalRecord): void;
  keyUse(subject: string, key: string): KeyUse | undefined;
  pending(id: string): PendingEntry | undefined;
  /** Newest waiting request for this very proposal, contract, tier and bundle; undefined when expired or used. */
  waiting(
    wanted: Pick<PendingBody, "subject" | "proposal" | "contract" | "tier" | "bundle">,
    nowSeconds: number,
  ): PendingEntry | undefined;
  /** Denials by policy of this subject within the last hour. */
  recentDenials(subject: string, nowMs: number): number;
  /** Forgets what cannot matter any more. */
  prune(nowMs: number): void;
}

const sameAsk = (it: Pick<PendingBody, "subject" | "proposal" | "contract" | "tier" | "bundle">) =>
  `${it.subject} ${it.proposal} ${it.contract} ${it.tier} ${it.bundle}`;
const keyOf = (subject: string, key: string) => `${subject} ${key}`;

/** An empty state. */
export function createJournalState(): JournalState {
  const keys = new Map<string, KeyUse & { readonly until: number }>();
  const requests = new Map<string, PendingEntry>();
  const newest = new Map<string, string>();
  const denials = new Map<string, readonly number[]>();
  let applied = 0;

  function issued(body: IssuedBody): void {
    const until = body.claims.exp + KEPT_SECONDS;
    const entry = { request: body.request, op: body.op, claims: body.claims };
    keys.set(keyOf(body.subject, body.idempotency_key), { kind: "issued", entry, until });
    const request = body.pending === null ? undefined : requests.get(body.pending);
    if (request) requests.set(request.body.request, { ...request, issued: body.cert_id });
  }

  function pending(body: PendingBody): void {
    const until = body.expires + KEPT_SECONDS;
    keys.set(keyOf(body.subject, body.idempotency_key), { kind: "pending", proposal: body.proposal, until });
    requests.set(body.request, { body, approvals: new Map(), issued: undefined });
    newest.set(sameAsk(body), body.request);
  }

  function approved(body: ApprovalBody): void {
    const request = requests.get(body.request);
    if (!request || request.approvals.has(body.approver)) return;
    requests.set(body.request, { ...request, approvals: new Map([...request.approvals, [body.approver, body]]) });
  }

  /** A denied request may be asked again under its key, since what was missing may come; another one may not take the key. */
  function bindDenied({ subject, idempotency_key, proposal, code }: DeniedBody, atMs: number): void {
    if (idempotency_key === undefined || proposal === undefined || code === "idempotency_conflict") return;
    const key = keyOf(subject, idempotency_key);
    const until = Math.floor(atMs / 1000) + KEPT_SECONDS;
    if (!keys.has(key)) keys.set(key, { kind: "denied", proposal, until });
  }

  function denied(body: DeniedBody, atMs: number): void {
    bindDenied(body, atMs);
    if (body.code !== "policy_denied") return;
    denials.set(body.subject, [...(denials.get(body.subject) ?? []), atMs].slice(-100));
  }

  function prune(nowMs: number): void {
    const nowSeconds = nowMs / 1000;
    for (const [key, use] of keys) if (use.until < nowSeconds) keys.delete(key);
    for (const [id, { body }] of requests) {
      if (body.expires + KEPT_SECONDS >= nowSeconds) continue;
      requests.delete(id);
      if (newest.get(sameAsk(body)) === id) newest.delete(sameAsk(body));
    }
    for (const [subject, times] of denials) {
      if (times.every((atMs) => atMs < nowMs - DENIAL_WINDOW_MS)) denials.delete(subject);
    }
  }

  return {
    apply(record) {
      if (record.kind === "issued") issued(record.body);
      else if (record.kind === "pending") pending(record.body);
      else if (record.kind === "approval") approved(record.body);
      else denied(record.body, record.atMs);
      applied += 1;
      if (applied % PRUNE_EVERY === 0) prune(record.atMs);
    },
    keyUse: (subject, key) => keys.get(keyOf(subject, key)),
    pending: (id) => requests.get(id),
    waiting(wanted, nowSeconds) {
      const id = newest.get(sameAsk(wanted));
      const found = id === undefined ? undefined : requests.get(id);
      return found && found.issued === undefined && found.body.expires > nowSeconds ? found : undefined;
    },
    recentDenials: (subject, nowMs) =>
      (denials.get(subject) ?? []).filter((atMs) => atMs > nowMs - DENIAL_WINDOW_MS && atMs <= nowMs).length,
    prune,
  };
}
