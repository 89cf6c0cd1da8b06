import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { always, begin, type ConnectorRig, newCertId, reopen, type StartRig, verdict } from "./rig.js";

const signal = () => AbortSignal.timeout(10_000);

/** What `recall`, `fence` and `reconcile` promise. */
export function settling(start: StartRig): void {
  describe("after the sending", () => {
    let rig: ConnectorRig;
    beforeEach(async () => {
      rig = await start();
    });
    afterEach(() => rig.stop());

    it("a fenced execution changes nothing when it comes late", async () => {
      const before = await rig.state();
      const { certId, contract, session } = await begin(rig);
      expect(await rig.connector.fence(certId, contract, signal())).toMatchObject({ ok: true });
      expect(verdict(await session.execute(always))).toBe("not_executed fence_lost");
      expect(await rig.state()).toEqual(before);
      expect(await rig.marked(certId)).toBe(false);
    });

    it("a fence set after the last check still stops the change", async () => {
      const before = await rig.state();
      const { certId, contract, session } = await begin(rig);
      const result = await session.execute(async () => {
        await rig.connector.fence(certId, contract, signal());
        return true;
      });
      expect(verdict(result)).toBe("not_executed fence_lost");
      expect(await rig.state()).toEqual(before);
    });

    it("a fence stops its own execution only", async () => {
      const { contract, session } = await begin(rig);
      expect(await rig.connector.fence(newCertId(), contract, signal())).toMatchObject({ ok: true });
      expect(verdict(await session.execute(always))).toBe("executed");
    });

    it("fencing twice is fencing once, and the target stays as it is", async () => {
      const before = await rig.state();
      const { certId, contract } = await begin(rig);
      expect(await rig.connector.fence(certId, contract, signal())).toMatchObject({ ok: true });
      expect(await rig.connector.fence(certId, contract, signal())).toMatchObject({ ok: true });
      expect(await rig.connector.reconcile(certId, contract, signal())).toMatchObject({
        ok: true,
        value: { state: "not_executed" },
      });
      expect(await rig.state()).toEqual(before);
    });

    it("reconcile finds an executed change with its result, fenced or not", async () => {
      const { certId, contract, session } = await begin(rig);
      const result = await session.execute(always);
      const found = { ok: true, value: result };
      expect(await rig.connector.reconcile(certId, contract, signal())).toEqual(found);
      expect(await rig.connector.fence(certId, contract, signal())).toMatchObject({ ok: true });
      expect(await rig.connector.reconcile(certId, contract, signal())).toEqual(found);
    });

    it("reconcile still finds it after the object has changed again", async () => {
      const { certId, contract, session } = await begin(rig);
      const result = await session.execute(always);
      await rig.drift();
      expect(await rig.connector.reconcile(certId, contract, signal())).toEqual({ ok: true, value: result });
    });

    it("reconcile does not promise not_executed without a fence", async () => {
      const { certId, contract } = await begin(rig);
      expect(await rig.connector.reconcile(certId, contract, signal())).toMatchObject({
        ok: true,
        value: { state: "cannot_tell" },
      });
    });

    it("recall can be repeated, also for an execution that nobody began", async () => {
      const before = await rig.state();
      const { contract } = await begin(rig);
      const certId = newCertId();
      expect(await rig.connector.recall(certId, contract, signal())).toMatchObject({ ok: true });
      expect(await rig.connector.recall(certId, contract, signal())).toMatchObject({ ok: true });
      expect(await rig.state()).toEqual(before);
    });

    it("a recalled execution sends nothing", async () => {
      const before = await rig.state();
      const { certId, contract, session } = await begin(rig);
      expect(await rig.connector.recall(certId, contract, signal())).toMatchObject({ ok: true });
      expect((await session.execute(always)).state).toBe("not_executed");
      expect(await rig.state()).toEqual(before);
    });

    it("recall leaves an executed change executed", async () => {
      const attempt = await begin(rig);
      const result = await attempt.session.execute(always);
      const after = await rig.state();
      expect(await rig.connector.recall(attempt.certId, attempt.contract, signal())).toMatchObject({ ok: true });
      expect(await rig.connector.reconcile(attempt.certId, attempt.contract, signal())).toEqual({
        ok: true,
        value: result,
      });
      expect(verdict(await (await reopen(rig, attempt)).session.execute(always))).toBe("executed");
      expect(await rig.state()).toEqual(after);
    });

    it("fence, reconcile and recall end at once when their signal is already aborted", async () => {
      const { certId, contract } = await begin(rig);
      expect(await rig.connector.fence(certId, contract, AbortSignal.abort())).toMatchObject({ ok: false });
      expect(await rig.connector.reconcile(certId, contract, AbortSignal.abort())).toMatchObject({ ok: false });
      await rig.connector.recall(certId, contract, AbortSignal.abort());
    });
  });
}
