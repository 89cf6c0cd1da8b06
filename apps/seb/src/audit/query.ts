import {
  type DecisionBody,
  type ExecutionState,
  fail,
  ok,
  outcomeOf,
  type RecordClaims,
  type RecordedState,
  type Result,
  readBody,
} from "@seb/schema";
import type { Invocation } from "../command.js";
import { done, type Outcome, refused } from "../outcome.js";
import { timeOf } from "../tables.js";
import { loadTrust } from "../trust-file.js";
import { takeRecords, type UnknownKinds, type Unproved, unknownKindsNote } from "./complete.js";
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
  readonly state: ExecutionState;
  readonly code: string | null;
  readonly result: unknown;
  readonly broker: string;
  /** Places of the two records: writer and position. */
  readonly decision: string;
  readonly outcome: string | null;
}

interface Ended {
  readonly fence: number;
  readonly state: RecordedState;
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
  /** Only what changed a target. */
  readonly writes: boolean;
}

interface Decided {
  readonly body: DecisionBody;
  readonly atMs: number;
  readonly writer: string;
  readonly at: string;
}

/** Joins decisions and outcomes by certificate id: the outcome with the highest fence counts. */
export class AuditFold {
  readonly #decided = new Map<string, Decided>();
  readonly #ended = new Map<string, Ended>();

  /** Takes a record of any kind. One whose body cannot be read is the business of whoever verifies the chain. */
  add(claims: Pick<RecordClaims, "writer" | "seq" | "at_ms" | "kind" | "body">): void {
    const { writer, seq, at_ms: atMs } = claims;
    const at = `${writer} ${seq}`;
    const read = readBody(claims.kind, claims.body);
    if (!read.ok) return;
    if (read.value?.kind === "decision") {
      const { body } = read.value;
      this.#decided.set(body.cert_id, { body, atMs, writer, at });
    }
    if (read.value?.kind !== "outcome") return;
    const { cert_id, fence, state, code, result } = read.value.body;
    const known = this.#ended.get(cert_id);
    if (known === undefined || known.fence <= fence) this.#ended.set(cert_id, { fence, state, code, result, at });
  }

  /** The rows that a filter admits, by time of decision. */
  rows(filter: Filter): readonly AuditRow[] {
    return [...this.#decided.values()]
      .filter(({ atMs }) => atMs >= filter.fromMs && atMs < filter.toMs)
      .sort((a, b) => a.atMs - b.atMs)
      .map((decided) => rowOf(decided, this.#ended.get(decided.body.cert_id)))
      .filter((row) => admits(filter, row));
  }
}

function rowOf({ body, atMs, writer, at }: Decided, ended: Ended | undefined): AuditRow {
  return {
    cert_id: body.cert_id,
    decided_at: new Date(atMs).toISOString(),
    subject: body.subject,
    action: body.action,
    resource: body.resource,
    parameters: body.parameters,
    policy: body.policy,
    also: body.certificate.policy.also,
    state: ended?.state ?? "decided",
    code: ended?.code ?? null,
    result: ended?.result ?? {},
    broker: writer,
    decision: at,
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
    (!filter.writes || outcomeOf(row.state).changed)
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
  const unknownKinds: UnknownKinds[] = [];
  for (const place of places.value) {
    const taken = await takeRecords(place, trust.value, (claims) => fold.add(claims));
    await place.close();
    if (!taken.ok) return refused(taken.error);
    unproved.push(...taken.value.unproved);
    unknownKinds.push(...taken.value.unknownKinds);
  }
  for (const { writer, place } of unproved)
    invocation.io.err(`note: without --heads a cut at the end of ${writer} is not seen (${place})\n`);
  for (const { writer, kinds } of unknownKinds) invocation.io.err(`note: ${unknownKindsNote(writer, kinds)}\n`);
  const rows = fold.rows(filter.value);
  const summary = `${rows.length} ${filter.value.writes ? "executed" : "decided"}\n`;
  return done({ ok: true, rows, unproved, unknownKinds }, rows.map(linesOf).join("") + summary);
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
