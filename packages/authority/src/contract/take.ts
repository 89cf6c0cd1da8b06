import { describe, expect, it } from "@jest/globals";
import type { Standing } from "@seb/schema";
import type { TakeRequest } from "../port.js";
import { type AuthorityUnderTest, BUNDLE, certId, codeOf, pinned, START_MS, standing, takeRequest } from "./subject.js";

type Target = Standing["target"];
const revocations: readonly [Target, string][] = [
  [{ kind: "everything", value: "*" }, "revoked_everything"],
  [{ kind: "certificate", value: certId(1) }, "revoked_certificate"],
  [{ kind: "subject", value: "agent:oncall-v3" }, "revoked_subject"],
  [{ kind: "key", value: "k".repeat(43) }, "revoked_key"],
  [{ kind: "policy", value: "auto-low-risk-v2" }, "revoked_policy"],
  [{ kind: "bundle", value: BUNDLE }, "revoked_bundle"],
  [{ kind: "action", value: "deploy" }, "revoked_action"],
  [{ kind: "resource", value: "service:checkout-1/region:us-east-1" }, "revoked_resource"],
  [{ kind: "resource", value: "service:*/region:us-east-1" }, "revoked_resource"],
  [{ kind: "resource", value: "service:checkout-1/region:*" }, "revoked_resource"],
];
const others: readonly Target[] = [
  { kind: "certificate", value: certId(2) },
  { kind: "subject", value: "agent:oncall-v30" },
  { kind: "key", value: "x".repeat(43) },
  { kind: "policy", value: "auto-low-risk" },
  { kind: "bundle", value: `sha256:${"c".repeat(64)}` },
  { kind: "action", value: "deploy-all" },
  { kind: "resource", value: "service:checkout/region:us-east-1" },
  { kind: "resource", value: "service:*/region:us-east-2" },
];

/** Everything that take and peek decide on. */
export function takeContract(fresh: () => Promise<AuthorityUnderTest>): void {
  describe("take decides on revocations and epochs", () => {
    it.each(revocations)("refuses under %j, and so does peek", async (target, code) => {
      const it = await fresh();
      const request = takeRequest(await pinned(it, { standing: [standing(target)] }), 1);
      expect(codeOf(await it.admission.peek(request))).toBe(code);
      expect(codeOf(await it.admission.take(request))).toBe(code);
      expect(await it.admission.open()).toEqual({ ok: true, value: [] });
    });

    it("takes beside revocations of other things", async () => {
      const it = await fresh();
      const pin = await pinned(it, { standing: others.map((target) => standing(target)) });
      expect(codeOf(await it.admission.take(takeRequest(pin, 1)))).toBe("ok");
    });

    const epochs = (global: number, subject: number, policy: number): Pick<TakeRequest, "epochs"> => ({
      epochs: { global, subject, policy: { id: "auto-low-risk-v2", epoch: policy } },
    });
    it.each([
      [epochs(5, 2, 3), "ok"],
      [epochs(4, 2, 3), "epoch_stale"],
      [epochs(5, 1, 3), "epoch_stale"],
      [epochs(5, 2, 2), "epoch_stale"],
      [epochs(6, 2, 3), "epoch_ahead"],
      [epochs(5, 3, 3), "epoch_ahead"],
      [epochs(5, 2, 4), "epoch_ahead"],
      [epochs(6, 1, 3), "epoch_stale"],
    ])("compares each epoch with its floor: %j is %s", async (over, code) => {
      const it = await fresh();
      const pin = await pinned(it, {
        epochs: { global: 5, subject: { "agent:oncall-v3": 2 }, policy: { "auto-low-risk-v2": 3 } },
      });
      expect(codeOf(await it.admission.take(takeRequest(pin, 1, over)))).toBe(code);
    });
  });

  describe("take allows each thing once", () => {
    it("takes a certificate id once, also when many ask at the same time", async () => {
      const it = await fresh();
      const pin = await pinned(it);
      const requests = Array.from({ length: 20 }, (_, i) =>
        takeRequest(pin, 1, { resource: `service:s-${i}/region:us-east-1` }),
      );
      const codes = (await Promise.all(requests.map((request) => it.admission.take(request)))).map(codeOf);
      expect(codes.filter((code) => code === "ok")).toHaveLength(1);
      expect(codes.filter((code) => code === "already_used")).toHaveLength(19);
    });

    it("takes an id of the once list once", async () => {
      const it = await fresh();
      const pin = await pinned(it);
      const once = [{ id: "a_1", until: Math.floor(START_MS / 1000) + 600 }];
      expect(codeOf(await it.admission.take(takeRequest(pin, 1, { once })))).toBe("ok");
      expect(codeOf(await it.admission.take(takeRequest(pin, 2, { once })))).toBe("once_used");
    });

    it("holds one open execution per resource and leaves the other certificate unspent", async () => {
      const it = await fresh();
      const pin = await pinned(it);
      const resource = "service:checkout/region:us-east-1";
      expect(codeOf(await it.admission.take(takeRequest(pin, 1, { resource })))).toBe("ok");
      expect(codeOf(await it.admission.take(takeRequest(pin, 2, { resource })))).toBe("resource_busy");
      expect(codeOf(await it.admission.lookup(certId(2)))).toBe("ok");
      expect(await it.admission.lookup(certId(2))).toEqual({ ok: true, value: undefined });
    });

    it("counts ceilings in a sliding window of the signed time", async () => {
      const it = await fresh();
      const pin = await pinned(it);
      const ceilings = [{ key: "deploy", limit: 2, window_seconds: 3600 }];
      const at = (minutes: number, number: number) =>
        it.admission.take(takeRequest({ ...pin, now_ms: START_MS + minutes * 60_000 }, number, { ceilings }));
      expect(codeOf(await at(0, 1))).toBe("ok");
      expect(codeOf(await at(30, 2))).toBe("ok");
      expect(codeOf(await at(59, 3))).toBe("ceiling_rate_exceeded");
      expect(codeOf(await at(60, 3))).toBe("ok");
      expect(codeOf(await at(61, 4))).toBe("ceiling_rate_exceeded");
    });
  });

  describe("take keeps signed time", () => {
    it("refuses at the end of the certificate, by the largest signed time seen", async () => {
      const it = await fresh();
      const pin = await pinned(it);
      const exp = START_MS / 1000 + 90;
      const later = { ...pin, now_ms: exp * 1000 };
      expect(codeOf(await it.admission.take(takeRequest(later, 1, { exp })))).toBe("expired");
      expect(codeOf(await it.admission.take(takeRequest({ ...pin, now_ms: exp * 1000 - 1 }, 1, { exp })))).toBe("ok");
      expect(codeOf(await it.admission.take(takeRequest(later, 2)))).toBe("ok");
      expect(codeOf(await it.admission.take(takeRequest(pin, 3, { exp })))).toBe("expired");
    });

    it("does not let a refused take move the time or write anything", async () => {
      const it = await fresh();
      const pin = await pinned(it);
      const far = { ...pin, now_ms: START_MS + 3_600_000 };
      expect(codeOf(await it.admission.take(takeRequest(far, 1, { exp: START_MS / 1000 })))).toBe("expired");
      expect(codeOf(await it.admission.peek(takeRequest(far, 2)))).toBe("ok");
      expect(codeOf(await it.admission.take(takeRequest(pin, 1)))).toBe("ok");
    });

    it("never takes an id again, however long after its end", async () => {
      const it = await fresh();
      const pin = await pinned(it);
      const request = takeRequest(pin, 1);
      await it.admission.take(request);
      for (let day = 1; day <= 9; day++)
        await it.admission.take(takeRequest({ ...pin, now_ms: START_MS + day * 86_400_000 }, 100 + day));
      for (const now_ms of [START_MS, START_MS + 9 * 86_400_000])
        expect(["already_used", "expired"]).toContain(
          codeOf(await it.admission.take({ ...request, pin: { ...pin, now_ms } })),
        );
    });
  });
}
