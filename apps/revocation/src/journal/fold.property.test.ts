import { describe, expect, it } from "@jest/globals";
import { epochsFell, targetKey } from "@seb/authority";
import type { OrderBody, OrderRecord, RebuildRecord } from "@seb/schema";
import fc from "fast-check";
import { fold, type LedgerRecord } from "./fold.js";
import { emptyLedger, type Ledger, viewOf } from "./ledger.js";

const START_MS = 1_800_000_000_000;
const certificate = (letter: string) => `c_${letter.repeat(26)}`;
const targets = fc.constantFrom(
  { kind: "certificate", value: certificate("a") } as const,
  { kind: "subject", value: "agent:a" } as const,
  { kind: "everything", value: "*" } as const,
);
const epochTargets = fc.constantFrom(
  { kind: "global", value: "*" } as const,
  { kind: "subject", value: "agent:a" } as const,
  { kind: "policy", value: "p" } as const,
);
const orders: fc.Arbitrary<OrderBody> = fc.oneof(
  targets.map((target) => ({ do: "revoke", target }) as const),
  targets.map((target) => ({ do: "lift", target }) as const),
  epochTargets.map((target) => ({ do: "epoch", target }) as const),
);
type Asked =
  | { readonly order: OrderBody; readonly waits: boolean; readonly minutes: number }
  | { readonly rebuild: number; readonly minutes: number };
const asked: fc.Arbitrary<Asked> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ order: orders, waits: fc.boolean(), minutes: fc.nat({ max: 20 }) }) },
  { weight: 1, arbitrary: fc.record({ rebuild: fc.nat({ max: 3 }), minutes: fc.nat({ max: 20 }) }) },
);

function recordOf(one: Asked, index: number, clock_ms: number, ledger: Ledger): LedgerRecord {
  if ("rebuild" in one) {
    const body: RebuildRecord = {
      reason: "store_run_changed",
      clock_ms,
      run_id: `run-${index}`,
      generation: ledger.generation + 1,
      seq: ledger.seq + one.rebuild,
      epochs: { global: ledger.epochs.global + 1, subject: {}, policy: {} },
      adopted: [],
    };
    return { kind: "rebuild", body };
  }
  const certificateOrder = one.order.do === "revoke" && one.order.target.kind === "certificate";
  const body: OrderRecord = {
    token: "token",
    kid: "k".repeat(43),
    operator: "alice",
    id: `o_${"abcdefghijklmnopqrstuvwxyz"[index % 26]?.repeat(26)}`,
    order: one.order,
    reason: "",
    clock_ms,
    stage: one.waits ? "waits" : "applied",
    ...(certificateOrder ? { until: Math.floor(clock_ms / 1000) + 600 } : {}),
  };
  return { kind: "order", body };
}

describe("the ledger, whatever the journal says", () => {
  it("never goes back, loses a revocation only by a lift or by its end, and is the same when read again", () => {
    fc.assert(
      fc.property(fc.array(asked, { maxLength: 60 }), (all) => {
        const ledger = emptyLedger();
        const journal: LedgerRecord[] = [];
        let nowMs = START_MS;
        for (const [index, one] of all.entries()) {
          nowMs += one.minutes * 60_000;
          const record = recordOf(one, index, nowMs, ledger);
          const before = { ...viewOf(ledger) };
          journal.push(record);
          fold(ledger, record);
          const after = viewOf(ledger);
          const waits = "order" in one && one.waits;
          expect(epochsFell(before.epochs, after.epochs)).toBe(false);
          expect(after.generation).toBeGreaterThanOrEqual(before.generation);
          if (waits) expect(after).toEqual(before);
          else expect(after.seq).toBeGreaterThan(before.seq);
          const kept = new Set(after.standing.map(({ target }) => targetKey(target)));
          const lifted = "order" in one && !waits && one.order.do === "lift" ? targetKey(one.order.target) : undefined;
          for (const { target, until } of before.standing) {
            const ended = until !== undefined && until * 1000 < nowMs;
            if (!ended && targetKey(target) !== lifted) expect(kept.has(targetKey(target))).toBe(true);
          }
        }
        const again = emptyLedger();
        for (const record of journal) fold(again, record);
        expect(again).toEqual(ledger);
      }),
      { numRuns: 200 },
    );
  });

  it("does not fold what it cannot read", () => {
    expect(() => fold(emptyLedger(), { kind: "order", body: { ver: 2 } })).toThrow();
    expect(() => fold(emptyLedger(), { kind: "refusal", body: {} })).toThrow();
    const ledger = emptyLedger();
    fold(ledger, { kind: "of-a-later-version", body: { anything: true } });
    fold(ledger, { kind: "refusal", body: { code: "expired", request_id: "r" } });
    expect(ledger).toEqual(emptyLedger());
  });
});
