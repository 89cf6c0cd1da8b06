import { describe, expect, it } from "@jest/globals";
import { type BodyOf, type Code, fail, ok, type RecordKind } from "@seb/schema";
import type { Recorded } from "./port.js";
import { createRefusalLog } from "./refusals.js";

interface Line {
  readonly kind: RecordKind;
  readonly body: BodyOf<RecordKind>;
}

/** A chain that keeps its records in a list, and fails while told so. */
function listChain() {
  const lines: Line[] = [];
  const state = { failing: false };
  async function append<K extends RecordKind>(kind: K, body: BodyOf<K>) {
    if (state.failing) return fail("record_failed", "told to fail");
    lines.push({ kind, body });
    const recorded: Recorded<K> = { kind, writer: "broker-1", seq: lines.length, digest: "", at_ms: 0, line: "" };
    return ok(recorded);
  }
  return { lines, state, chain: { append } };
}

function setUp(perSecond: number) {
  let nowMs = 10_000;
  const clock = { nowMs: () => nowMs, monotonicMs: () => nowMs };
  const list = listChain();
  const log = createRefusalLog({ chain: list.chain, perSecond, clock });
  const wait = (ms: number) => {
    nowMs += ms;
  };
  return { ...list, log, wait };
}

async function strangers(log: ReturnType<typeof setUp>["log"], code: Code, times: number) {
  const results = await Promise.all(
    Array.from({ length: times }, () => log.refuse(false, code, { request_id: "r_1", route: "/v1" })),
  );
  return results.filter((result) => result.ok && result.value === "counted").length;
}

describe("the refusal log", () => {
  it("records each refusal of what was authentic", async () => {
    const { log, lines } = setUp(0);
    for (let n = 0; n < 30; n += 1) {
      const result = await log.refuse(true, "expired", { request_id: "r_1" });
      expect(result).toMatchObject({ ok: true, value: { kind: "refusal" } });
    }
    expect(lines.length).toBe(30);
    expect(lines[0]).toEqual({ kind: "refusal", body: { request_id: "r_1", code: "expired" } });
    await log.stop();
  });

  it("records strangers' refusals up to the budget of each second and counts the others by code", async () => {
    const { log, lines, wait } = setUp(5);
    expect(await strangers(log, "token_malformed", 12)).toBe(7);
    expect(await strangers(log, "token_missing", 3)).toBe(3);
    wait(1000);
    expect(await strangers(log, "token_missing", 2)).toBe(0);
    await log.flush();
    expect(lines.length).toBe(8);
    expect(lines[7]).toEqual({
      kind: "refusal-counts",
      body: { from_ms: 10_000, to_ms: 11_000, counts: { token_malformed: 7, token_missing: 3 } },
    });
    await log.stop();
    expect(lines.length).toBe(8);
  });

  it("keeps its counts while they cannot be recorded", async () => {
    const { log, lines, state } = setUp(0);
    await strangers(log, "token_missing", 4);
    state.failing = true;
    expect(await log.flush()).toMatchObject({ ok: false, error: { code: "record_failed" } });
    await strangers(log, "token_missing", 1);
    state.failing = false;
    await log.stop();
    expect(lines).toMatchObject([{ kind: "refusal-counts", body: { counts: { token_missing: 5 } } }]);
  });

  it("records counts by itself, once a second", async () => {
    const { log, lines } = setUp(0);
    await strangers(log, "token_missing", 4);
    await new Promise((resolve) => setTimeout(resolve, 1300));
    expect(lines.length).toBe(1);
    await log.stop();
  });
});
