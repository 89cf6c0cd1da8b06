import { describe, expect, it } from "@jest/globals";
import { type AuthorityUnderTest, codeOf, pinned, START_MS, standing, takeRequest, value, viewFor } from "./subject.js";

/** The view and the pin. */
export function viewContract(fresh: () => Promise<AuthorityUnderTest>): void {
  describe("the view", () => {
    it("is absent on an empty store, which refuses", async () => {
      const it = await fresh();
      const run_id = value(await it.writer.runId());
      expect(value(await it.writer.current())).toBeUndefined();
      expect(codeOf(await it.reader.read())).toBe("store_discontinuity");
      const pin = { run_id, generation: 0, min_seq: 0, now_ms: START_MS };
      expect(codeOf(await it.admission.take(takeRequest(pin, 1)))).toBe("store_discontinuity");
      expect(codeOf(await it.admission.peek(takeRequest(pin, 1)))).toBe("store_discontinuity");
    });

    it("reads back as written", async () => {
      const it = await fresh();
      const view = viewFor(value(await it.writer.runId()), {
        standing: [standing({ kind: "certificate", value: `c_${"a".repeat(26)}` }, 1_800_000_000)],
        epochs: { global: 3, subject: { "agent:a": 1 }, policy: { p: 2 } },
        bundle: null,
      });
      expect(codeOf(await it.writer.write(view))).toBe("ok");
      expect(value(await it.reader.read())).toEqual(view);
      expect(value(await it.writer.current())).toEqual(view);
    });

    it("goes forward by generation and sequence only, and no epoch falls", async () => {
      const it = await fresh();
      const run = value(await it.writer.runId());
      const epochs = { global: 2, subject: { "agent:a": 1 }, policy: {} };
      const write = async (over: Parameters<typeof viewFor>[1]) =>
        codeOf(await it.writer.write(viewFor(run, { epochs, ...over })));
      expect(await write({ seq: 5, generation: 2 })).toBe("ok");
      expect(await write({ seq: 5, generation: 2 })).toBe("status_backwards");
      expect(await write({ seq: 4, generation: 2 })).toBe("status_backwards");
      expect(await write({ seq: 9, generation: 1 })).toBe("status_backwards");
      expect(await write({ seq: 6, generation: 2, epochs: { ...epochs, global: 1 } })).toBe("status_backwards");
      expect(await write({ seq: 6, generation: 2, epochs: { ...epochs, subject: {} } })).toBe("status_backwards");
      expect(await write({ seq: 6, generation: 2 })).toBe("ok");
      expect(await write({ seq: 1, generation: 3 })).toBe("ok");
    });

    it("must be as new as the signed status, and of its run and generation", async () => {
      const it = await fresh();
      const pin = await pinned(it, { seq: 4, generation: 2 });
      const code = async (over: Partial<typeof pin>) =>
        codeOf(await it.admission.take(takeRequest({ ...pin, ...over }, 1)));
      expect(await code({ min_seq: 5 })).toBe("status_backwards");
      expect(await code({ generation: 1 })).toBe("store_discontinuity");
      expect(await code({ generation: 3 })).toBe("store_discontinuity");
      expect(await code({ run_id: "another-run" })).toBe("store_discontinuity");
      expect(await code({ min_seq: 3 })).toBe("ok");
    });
  });

  describe("a discontinuity", () => {
    it.each(["restart", "wipe"] as const)(
      "by %s changes the run and refuses until a view is pinned to it",
      async (how) => {
        const before = await fresh();
        const pin = await pinned(before);
        const run = value(await before.writer.runId());
        const it = await before[how]();
        const next = value(await it.writer.runId());
        expect(next).not.toBe(run);
        expect(codeOf(await it.reader.read())).toBe("store_discontinuity");
        expect(codeOf(await it.admission.take(takeRequest(pin, 1)))).toBe("store_discontinuity");
        expect(codeOf(await it.admission.take(takeRequest({ ...pin, run_id: next }, 1)))).toBe("store_discontinuity");
        const epochs = { global: 2, subject: {}, policy: {} };
        const again = await pinned(it, { seq: 2, generation: 2, epochs });
        expect(codeOf(await it.admission.take(takeRequest(again, 1)))).toBe("epoch_stale");
        const renewed = { global: 2, subject: 0, policy: { id: "auto-low-risk-v2", epoch: 0 } };
        expect(codeOf(await it.admission.take(takeRequest(again, 2, { epochs: renewed })))).toBe("ok");
      },
    );

    it("by restart forgets nothing", async () => {
      const before = await fresh();
      const once = [{ id: "a_1", until: START_MS / 1000 + 600 }];
      const ceilings = [{ key: "all", limit: 1, window_seconds: 3600 }];
      const old = await pinned(before, { standing: [standing({ kind: "action", value: "scale" })] });
      const first = takeRequest(old, 1, { once, ceilings });
      const { fence } = value(await before.admission.take(first));
      const stored = value(await before.writer.current());
      const it = await before.restart();
      expect(value(await it.writer.current())).toEqual(stored);
      expect(value(await it.admission.holds(first.cert_id, fence))).toBe(true);
      const pin = await pinned(it, { seq: 2, generation: 2 });
      expect(codeOf(await it.admission.take({ ...first, pin }))).toBe("already_used");
      expect(codeOf(await it.admission.take(takeRequest(pin, 2, { once })))).toBe("once_used");
      expect(codeOf(await it.admission.take(takeRequest(pin, 3, { resource: first.resource })))).toBe("resource_busy");
      expect(codeOf(await it.admission.take(takeRequest(pin, 4, { ceilings })))).toBe("ceiling_rate_exceeded");
      expect(value(await it.admission.take(takeRequest(pin, 5))).fence).toBeGreaterThan(fence);
    });

    it("whose generation raises the global epoch lets the signed time begin anew", async () => {
      const it = await fresh();
      const pin = await pinned(it);
      const ahead = { ...pin, now_ms: START_MS + 3_600_000 };
      expect(codeOf(await it.admission.take(takeRequest(ahead, 1)))).toBe("ok");
      expect(codeOf(await it.admission.take(takeRequest(pin, 2)))).toBe("expired");
      const global = { global: 2, subject: {}, policy: {} };
      const again = await pinned(it, { seq: 2, generation: 2, epochs: global });
      const epochs = { global: 2, subject: 0, policy: { id: "auto-low-risk-v2", epoch: 0 } };
      expect(codeOf(await it.admission.take(takeRequest(again, 2, { epochs })))).toBe("ok");
    });
  });
}
