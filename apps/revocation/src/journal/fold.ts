import { epochOf, maxEpochs, targetKey } from "@seb/authority";
import {
  type ActivationRecord,
  type Epochs,
  type OrderBody,
  type OrderRecord,
  type RebuildRecord,
  readBody,
} from "@seb/schema";
import { isActivation, type MutableLedger, thingOf } from "./ledger.js";

/** Time in which the second of two operators must give the same order, in milliseconds. */
export const TWO_OPERATORS_MS = 600_000;
/** How long after its certificate's end a revocation is kept in the view. */
const DEAD_MARGIN_MS = 60_000;

/** Kinds of record that change the ledger; all others (boots, refusals, ...) leave it as it is. */
export type LedgerRecord = { readonly kind: string; readonly body: Readonly<Record<string, unknown>> };

/**
 * Applies one record. Deterministic: the same journal always makes the same ledger.
 * @throws when a record that changes the ledger is not one that this version reads.
 */
export function fold(ledger: MutableLedger, record: LedgerRecord): void {
  const read = readBody(record.kind, record.body);
  if (!read.ok) throw new Error(`the order journal cannot be read: ${read.error.detail}`);
  if (read.value?.kind === "order") foldOrder(ledger, read.value.body);
  else if (read.value?.kind === "activation") foldActivation(ledger, read.value.body);
  else if (read.value?.kind === "rebuild") foldRebuild(ledger, read.value.body);
}

function foldOrder(ledger: MutableLedger, record: OrderRecord): void {
  const { id, kid, operator, order, clock_ms } = record;
  ledger.used.add(id);
  ledger.clock_ms = clock_ms;
  if (record.stage === "waits") {
    ledger.waiting.set(thingOf(order), { id, kid, operator, clock_ms });
    return;
  }
  ledger.waiting.delete(thingOf(order));
  if (order.do === "revoke") {
    const { target } = order;
    const until = record.until === undefined ? {} : { until: record.until };
    const entry = { target, order: id, by: operator, reason: record.reason, at_ms: clock_ms, ...until };
    ledger.standing.set(targetKey(target), entry);
    // Whoever began to lift the earlier revocation had not seen this one.
    ledger.waiting.delete(thingOf({ do: "lift", target }));
  } else if (order.do === "lift") ledger.standing.delete(targetKey(order.target));
  else if (order.do === "epoch") ledger.epochs = raised(ledger.epochs, order.target);
  step(ledger);
}

function foldActivation(ledger: MutableLedger, record: ActivationRecord): void {
  ledger.used.add(record.id);
  ledger.clock_ms = record.clock_ms;
  // An order that waits for its second operator was signed over another active bundle.
  for (const thing of ledger.waiting.keys()) if (isActivation(thing)) ledger.waiting.delete(thing);
  ledger.bundle = record.bundle;
  for (const value of record.policies) ledger.epochs = raised(ledger.epochs, { kind: "policy", value });
  step(ledger);
}

function foldRebuild(ledger: MutableLedger, record: RebuildRecord): void {
  ledger.clock_ms = record.clock_ms;
  ledger.run_id = record.run_id;
  ledger.generation = Math.max(ledger.generation, record.generation);
  ledger.epochs = maxEpochs(ledger.epochs, record.epochs);
  for (const entry of record.adopted)
    if (!ledger.standing.has(targetKey(entry.target))) ledger.standing.set(targetKey(entry.target), entry);
  step(ledger);
  ledger.seq = Math.max(ledger.seq, record.seq);
}

/** One step of the view: a new sequence, without what no longer matters. */
function step(ledger: MutableLedger): void {
  ledger.seq += 1;
  const now = ledger.clock_ms;
  for (const [key, { until }] of ledger.standing)
    if (until !== undefined && until * 1000 + DEAD_MARGIN_MS < now) ledger.standing.delete(key);
  for (const [thing, { clock_ms }] of ledger.waiting)
    if (Math.abs(now - clock_ms) > TWO_OPERATORS_MS) ledger.waiting.delete(thing);
}

/** One epoch higher by one. */
export function raised(epochs: Epochs, target: Extract<OrderBody, { do: "epoch" }>["target"]): Epochs {
  if (target.kind === "global") return { ...epochs, global: epochs.global + 1 };
  const group = epochs[target.kind];
  return { ...epochs, [target.kind]: { ...group, [target.value]: epochOf(group, target.value) + 1 } };
}
