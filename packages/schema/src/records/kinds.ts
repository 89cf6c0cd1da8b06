import type { Static, TSchema } from "typebox";
import { fail, ok, type Result } from "../result.js";
import { validate } from "../validate.js";
import { BootBody, CloseBody } from "./chain.js";
import { DecisionBody, OutcomeBody, RecallBody, ResolutionBody, TakeoverBody, VerificationBody } from "./executions.js";
import { ApprovalBody, DeniedBody, IssuedBody, PendingBody } from "./issuance.js";
import { opened } from "./opened.js";
import { ActivationRecord, OrderRecord, RebuildRecord } from "./orders.js";
import { RefusalBody, RefusalCountsBody } from "./refusals.js";

/**
 * Bodies of records by kind. `ver` is the newest `ver` of the body that this build writes and the highest that it reads. Within a `ver`
 * members may be added; a changed meaning raises it. A body without `ver` is of `ver` 1: commit f5082e2 wrote none.
 */
export const RECORD_BODIES = {
  boot: { ver: 1, body: BootBody },
  close: { ver: 1, body: CloseBody },
  refusal: { ver: 1, body: RefusalBody },
  "refusal-counts": { ver: 1, body: RefusalCountsBody },
  issued: { ver: 1, body: IssuedBody },
  pending: { ver: 1, body: PendingBody },
  approval: { ver: 1, body: ApprovalBody },
  denied: { ver: 1, body: DeniedBody },
  decision: { ver: 1, body: DecisionBody },
  outcome: { ver: 1, body: OutcomeBody },
  recall: { ver: 1, body: RecallBody },
  takeover: { ver: 1, body: TakeoverBody },
  resolution: { ver: 1, body: ResolutionBody },
  verification: { ver: 1, body: VerificationBody },
  order: { ver: 1, body: OrderRecord },
  activation: { ver: 1, body: ActivationRecord },
  rebuild: { ver: 1, body: RebuildRecord },
} as const;

export type RecordKind = keyof typeof RECORD_BODIES;
/** Bodies by kind, without their `ver`. */
export type RecordBodies = { readonly [K in RecordKind]: Static<(typeof RECORD_BODIES)[K]["body"]> };
export type BodyOf<K extends RecordKind> = RecordBodies[K];
/** A record's kind with its body, read. */
export type ReadBody = {
  [K in RecordKind]: { readonly kind: K; readonly ver: number; readonly body: BodyOf<K> };
}[RecordKind];

type Members = Readonly<Record<string, unknown>>;

const OPEN: ReadonlyMap<string, TSchema> = new Map(
  Object.entries(RECORD_BODIES).map(([kind, { body }]) => [kind, opened<TSchema>(body)]),
);

/** Is this a kind of record that this build knows? */
export const isRecordKind = (kind: string): kind is RecordKind => Object.hasOwn(RECORD_BODIES, kind);

/**
 * The body as it is written: with its `ver`, and exactly of its kind's schema. Else `records_broken` with a pointer: such a record must
 * never be written, for its own service would refuse to start on it.
 */
export function writtenBody<K extends RecordKind>(kind: K, body: BodyOf<K>): Result<Members, "records_broken"> {
  const { ver, body: schema } = RECORD_BODIES[kind];
  const fits = validate<TSchema, "records_broken">(schema, body, "records_broken");
  if (!fits.ok) return misfit(kind, fits.error.pointer ?? "", fits.error.detail);
  return ok({ ver, ...(body as Members) });
}

/**
 * Reads a body, the only way in which bodies of records are read. Members that this build does not know are left where they are and mean
 * nothing to it. Undefined for a kind that it does not know: readers pass it over and may say so. `records_broken` with a pointer when a known
 * kind does not fit, or has a `ver` that this build does not read.
 */
export function readBody(kind: string, found: unknown): Result<ReadBody | undefined, "records_broken"> {
  if (!isRecordKind(kind)) return ok(undefined);
  const schema = OPEN.get(kind);
  if (schema === undefined || !isMembers(found)) return misfit(kind, "", "is not an object");
  const { ver = 1, ...body } = found;
  const newest = RECORD_BODIES[kind].ver;
  if (typeof ver !== "number" || !Number.isInteger(ver) || ver < 1 || ver > newest)
    return misfit(kind, "/ver", `is not a ver that this version reads (1 to ${newest})`);
  const fits = validate(schema, body, "records_broken");
  if (!fits.ok) return misfit(kind, fits.error.pointer ?? "", fits.error.detail);
  return ok({ kind, ver, body } as ReadBody);
}

const isMembers = (value: unknown): value is Members =>
  typeof value === "object" && value !== null && !Array.isArray(value);

function misfit(kind: string, pointer: string, why: string): Result<never, "records_broken"> {
  return fail(
    "records_broken",
    `The body of the ${kind} record does not fit its schema at ${pointer || "/"}: ${why}.`,
    {
      pointer,
      facts: { kind },
    },
  );
}
