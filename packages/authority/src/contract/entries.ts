import { describe, expect, it } from "@jest/globals";
import {
  type AuthorityUnderTest,
  certId,
  codeOf,
  execution,
  pinned,
  START_MS,
  takeRequest,
  value,
  viewFor,
} from "./subject.js";

const by = { broker: "broker-2", boot: 4, life_ms: 10_000 };

/** Open entries: fences, takeover, notes, closing. */
export function entriesContract(fresh: () => Promise<AuthorityUnderTest>): void {
  describe("an open entry", () => {
    it("holds what whoever takes over needs, and a deadline on the signed time", async () => {
      const it = await fresh();
      const pin = await pinned(it, { seq: 7 });
      const request = takeRequest(pin, 1);
      const taken = value(await it.admission.take(request));
      expect(taken).toEqual({ fence: taken.fence, seq: 7, deadline_ms: START_MS + 30_000 });
      const { life_ms: _, ...kept } = request.entry;
      expect(value(await it.admission.open())).toEqual([{ ...kept, ...taken }]);
      expect(value(await it.admission.lookup(request.cert_id))?.answer).toMatchObject({
        state: "decided",
        replayed: false,
      });
    });

    it("is listed oldest first", async () => {
      const it = await fresh();
      const pin = await pinned(it);
      for (const number of [3, 1, 2]) await it.admission.take(takeRequest(pin, number));
      const ids = value(await it.admission.open()).map(({ cert_id }) => cert_id);
      expect(ids).toEqual([certId(3), certId(1), certId(2)]);
    });

    it("belongs to the highest fence alone", async () => {
      const it = await fresh();
      const pin = await pinned(it);
      const request = takeRequest(pin, 1);
      const { fence } = value(await it.admission.take(request));
      const entry = value(
        await it.admission.takeOver(request.cert_id, fence, by, { ...pin, now_ms: START_MS + 40_000 }),
      );
      expect(entry.fence).toBeGreaterThan(fence);
      expect(entry).toMatchObject({
        broker: "broker-2",
        boot: 4,
        deadline_ms: START_MS + 50_000,
        op: request.entry.op,
      });
      expect(value(await it.admission.holds(request.cert_id, fence))).toBe(false);
      expect(value(await it.admission.holds(request.cert_id, entry.fence))).toBe(true);
      const late = execution(request, "executed", fence);
      expect(codeOf(await it.admission.note(request.cert_id, fence, late))).toBe("fence_lost");
      expect(codeOf(await it.admission.close(request.cert_id, fence, late))).toBe("fence_lost");
      expect(codeOf(await it.admission.takeOver(request.cert_id, fence, by, pin))).toBe("fence_lost");
      expect(value(await it.admission.lookup(request.cert_id))?.answer.state).toBe("decided");
    });

    it("goes to one of many who take over at the same time", async () => {
      const it = await fresh();
      const pin = await pinned(it);
      const { fence } = value(await it.admission.take(takeRequest(pin, 1)));
      const all = await Promise.all(Array.from({ length: 8 }, () => it.admission.takeOver(certId(1), fence, by, pin)));
      expect(all.map(codeOf).sort()).toEqual([...Array.from({ length: 7 }, () => "fence_lost"), "ok"]);
    });

    it("has a fence above every earlier one, of whatever execution", async () => {
      const it = await fresh();
      const pin = await pinned(it);
      let last = 0;
      for (let number = 1; number <= 4; number++) {
        const { fence } = value(await it.admission.take(takeRequest(pin, number)));
        const next = value(await it.admission.takeOver(certId(number), fence, by, pin));
        expect(fence).toBeGreaterThan(last);
        expect(next.fence).toBeGreaterThan(fence);
        last = next.fence;
      }
    });

    it("keeps its notes, and closing frees the resource but not the certificate", async () => {
      const it = await fresh();
      const pin = await pinned(it);
      const request = takeRequest(pin, 1);
      const { fence } = value(await it.admission.take(request));
      const unknown = execution(request, "unknown", fence);
      expect(codeOf(await it.admission.note(request.cert_id, fence, unknown))).toBe("ok");
      expect(value(await it.admission.lookup(request.cert_id))).toEqual(unknown);
      const other = takeRequest(pin, 2, { resource: request.resource });
      expect(codeOf(await it.admission.take(other))).toBe("resource_busy");
      const executed = execution(request, "executed", fence);
      expect(codeOf(await it.admission.close(request.cert_id, fence, executed))).toBe("ok");
      expect(value(await it.admission.lookup(request.cert_id))).toEqual(executed);
      expect(value(await it.admission.holds(request.cert_id, fence))).toBe(false);
      expect(codeOf(await it.admission.close(request.cert_id, fence, executed))).toBe("fence_lost");
      expect(codeOf(await it.admission.take(request))).toBe("already_used");
      expect(codeOf(await it.admission.take(other))).toBe("ok");
    });

    it("can be closed, but neither taken nor taken over, while the store is not pinned anew", async () => {
      const before = await fresh();
      const pin = await pinned(before);
      const [one, two] = [takeRequest(pin, 1), takeRequest(pin, 2)];
      const first = value(await before.admission.take(one));
      const second = value(await before.admission.take(two));
      const it = await before.restart();
      expect(codeOf(await it.admission.takeOver(one.cert_id, first.fence, by, pin))).toBe("store_discontinuity");
      expect(codeOf(await it.admission.close(one.cert_id, first.fence, execution(one, "executed", first.fence)))).toBe(
        "ok",
      );
      const again = await pinned(it, viewFor(value(await it.writer.runId()), { seq: 2, generation: 2 }));
      const over = value(await it.admission.takeOver(two.cert_id, second.fence, by, again));
      expect(over.fence).toBeGreaterThan(second.fence);
    });
  });
}
