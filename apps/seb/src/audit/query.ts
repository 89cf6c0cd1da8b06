import { fail, ok, type Result } from "@seb/schema";
import type { Invocation } from "../command.js";
import { done, type Outcome, refused } from "../outcome.js";
import { timeOf } from "../tables.js";
import { loadTrust } from "../trust-file.js";
import { takeRecords, type Unproved } from "./complete.js";
import { placesOf } from "./places.js";

/** One execution as the verified records tell it: who did what under which policy, and what came of it. */
export interface AuditRow {
  readonly cert_id: string;
  readonly decided_at: string;
  readonly subject: string;
  readonly action: string;
  readonly resource: string;
  readonly parameters: unknown;
  readonly policy: string;
  readonly also: readonly string[];
  /** `decided` while there is no outcome. */
  readonly state: string;
  readonly code: string | null;
  readonly result: unknown;
  readonly broker: string;
  /** Places of the two records: writer and position. */
  readonly decision: string;
  readonly outcome: string | null;
}

interface Ended {
  readonly fence: number;
  readonly state: string;
  readonly code: string | null;
  readonly result: unknown;
  readonly at: string;
}

export interface Filter {
  /** Milliseconds since the Unix epoch, from included, to not. */
  readonly fromMs: number;
  readonly toMs: number;
  readonly policy?: string;
  readonly subject?: string;
  readonly action?: string;
  readonly resource?: string;
  /** Only what was executed. */
  readonly writes: boolean;
}

type Body = Readonly<Record<string, unknown>>;
const text = (value: unknown): string => (typeof value === "string" ? value : "");
const texts = (value: unknown): readonly string[] => (Array.isArray(value) ? value.map(text) : []);

function alsoOf(body: Body): readonly string[] {
  const { certificate } = body;
  if (typeof certificate !== "object" || certificate === null || !("policy" in certificate)) return [];
  const { policy } = certificate;
  return typeof policy === "object" && policy !== null && "also" in policy ? texts(policy.also) : [];
}

/** Joins decisions and outcomes by certificate id: the outcome with the highest fence counts. */
export class AuditFold {
  readonly #decided = new Map<
    string,
    { readonly body: Body; readonly atMs: number; readonly writer: string; readonly at: string }
  >();
  readonly #ended = new Map<string, Ended>();

  add(claims: {
    readonly writer: string;
    readonly seq: number;
    readonly at_ms: number;
    readonly kind: string;
    readonly body: Body;
  }): void {
    const { writer, seq, at_ms: atMs, kind, body } = claims;
    const at = `${writer} ${seq}`;
    const id = text(body.cert_id);
    if (kind === "decision") this.#decided.set(id, { body, atMs, writer, at });
    if (kind !== "outcome" || typeof body.fence !== "number") return;
    const known = this.#ended.get(id);
    if (known !== undefined && known.fence > body.fence) return;
    const code = typeof body.code === "string" ? body.code : null;
    this.#ended.set(id, { fence: body.fence, state: text(body.state), code, result: body.result, at });
  }

  /** The rows that a filter admits, by time of decision. */
  rows(filter: Filter): readonly AuditRow[] {
    return [...this.#decided]
      .filter(([, { atMs }]) => atMs >= filter.fromMs && atMs < filter.toMs)
      .sort(([, a], [, b]) => a.atMs - b.atMs)
      .map(([id, { body, atMs, writer, at }]) => rowOf(id, body, { atMs, writer, at }, this.#ended.get(id)))
      .filter((row) => admits(filter, row));
  }
}

function rowOf(
  id: string,
  body: Body,
  decided: { readonly atMs: number; readonly writer: string; readonly at: string },
  ended: Ended | undefined,
): AuditRow {
  return {
    cert_id: id,
    decided_at: new Date(decided.atMs).toISOString(),
    subject: text(body.subject),
    action: text(body.action),
    resource: text(body.resource),
    parameters: body.parameters,
    policy: text(body.policy),
    also: alsoOf(body),
    state: ended?.state ?? "decided",
    code: ended?.code ?? null,
    result: ended?.result ?? {},
    broker: decided.writer,
    decision: decided.at,
    outcome: ended?.at ?? null,
  };
}

function admits(filter: Filter, row: AuditRow): boolean {
  const same = (wanted: string | undefined, found: string) => wanted === undefined || wanted === found;
  return (
    same(filter.policy, row.policy) &&
    same(filter.subject, row.subject) &&
    same(filter.action, row.action) &&
    same(filter.resource, row.resource) &&
    (!filter.writes || row.state === "executed")
  );
}

const MONTH = /^([0-9]{4})-(0[1-9]|1[0-2])$/;

/** Reads the flags; without `--month` all times count. Months are UTC. */
export function filterOf(flags: Invocation["flags"]): Result<Filter> {
  const month = typeof flags.month === "string" ? MONTH.exec(flags.month) : undefined;
  if (month === null) return fail("usage", "--month is written like 2026-03");
  const [year, number] = [Number(month?.[1]), Number(month?.[2])];
  const span = month
    ? { fromMs: Date.UTC(year, number - 1), toMs: Date.UTC(year, number) }
    : { fromMs: 0, toMs: Number.MAX_SAFE_INTEGER };
  const named = (["policy", "subject", "action", "resource"] as const).flatMap((name) => {
    const value = flags[name];
    return typeof value === "string" ? [[name, value] as const] : [];
  });
  return ok({ ...span, ...Object.fromEntries(named), writes: flags.writes === true });
}

/**
 * `seb audit query`: a scan over the verified records, compared with the copied heads. Refused where its answer could not be believed:
 * a broken or shortened chain, a place without any, a chain without a copied head. Without `--heads` that is said instead.
 */
export async function auditQuery(invocation: Invocation): Promise<Outcome> {
  const filter = filterOf(invocation.flags);
  if (!filter.ok) return refused(filter.error);
  const trust = await loadTrust(invocation.settings, invocation.io.nowMs());
  if (!trust.ok) return refused(trust.error);
  const places = await placesOf(invocation);
  if (!places.ok) return refused(places.error);
  const fold = new AuditFold();
  const unproved: Unproved[] = [];
  for (const place of places.value) {
    const taken = await takeRecords(place, trust.value, (claims) => fold.add(claims));
    await place.close();
    if (!taken.ok) return refused(taken.error);
    unproved.push(...taken.value);
  }
  for (const { writer, place } of unproved)
    invocation.io.err(`note: without --heads a cut at the end of ${writer} is not seen (${place})\n`);
  const rows = fold.rows(filter.value);
  const summary = `${rows.length} ${filter.value.writes ? "executed" : "decided"}\n`;
  return done({ ok: true, rows, unproved }, rows.map(linesOf).join("") + summary);
}

const pairs = (value: unknown): string =>
  Object.entries(typeof value === "object" && value !== null ? value : {})
    .map(([name, item]) => ` ${name}=${String(item)}`)
    .join("");

/** One row for a person: who did what under which policy; then with what, what came of it, and where that stands. */
function linesOf(row: AuditRow): string {
  const { subject, action, resource, policy, state, code, decision, outcome, cert_id } = row;
  const also = row.also.length === 0 ? "" : ` (also ${row.also.join(", ")})`;
  return [
    `${timeOf(Date.parse(row.decided_at))}  ${subject}  ${action}  ${resource}  under ${policy}${also}`,
    `  with${pairs(row.parameters)}`,
    `  ${state}${code === null ? "" : ` (${code})`}${pairs(row.result)}`,
    `  certificate ${cert_id}; records ${decision}${outcome === null ? "" : `, ${outcome}`}\n`,
  ].join("\n");
}
