import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { always, begin, type ConnectorRig, never, reopen, type StartRig, verdict } from "./rig.js";

/** What `open` and `execute` promise. */
export function executing(start: StartRig): void {
  describe("execute", () => {
    let rig: ConnectorRig;
    beforeEach(async () => {
      rig = await start();
    });
    afterEach(() => rig.stop());

    it("writes exactly the operation, with the marker", async () => {
      const before = await rig.state();
      const { certId, session } = await begin(rig);
      expect(session.identity).not.toBe("");
      expect(await rig.state()).toEqual(before);
      expect(verdict(await session.execute(always))).toBe("executed");
      expect(await rig.state()).toEqual(rig.changed(before));
      expect(await rig.marked(certId)).toBe(true);
    });

    it("changes nothing the second time, whoever executes", async () => {
      const attempt = await begin(rig);
      const first = await attempt.session.execute(always);
      const after = await rig.state();
      expect(await attempt.session.execute(always)).toEqual(first);
      const elsewhere = await reopen(rig, attempt);
      expect(await elsewhere.session.execute(always)).toEqual(first);
      expect(await rig.state()).toEqual(after);
    });

    it("happens once when several send it at the same time", async () => {
      const before = await rig.state();
      const attempt = await begin(rig);
      const others = await Promise.all([reopen(rig, attempt), reopen(rig, attempt)]);
      const results = await Promise.all([attempt, ...others].map(({ session }) => session.execute(always)));
      expect(results.map(({ state }) => state)).toContain("executed");
      expect(await rig.state()).toEqual(rig.changed(before));
    });

    it("refuses to write upon state that drifted", async () => {
      const { certId, session } = await begin(rig);
      await rig.drift();
      const drifted = await rig.state();
      expect(verdict(await session.execute(always))).toBe("not_executed state_drifted");
      expect(await rig.state()).toEqual(drifted);
      expect(await rig.marked(certId)).toBe(false);
    });

    it("refuses to write when the state drifts after the last check", async () => {
      const { certId, session } = await begin(rig);
      let drifted = await rig.state();
      const result = await session.execute(async () => {
        await rig.drift();
        drifted = await rig.state();
        return true;
      });
      expect(verdict(result)).toBe("not_executed state_drifted");
      expect(await rig.state()).toEqual(drifted);
      expect(await rig.marked(certId)).toBe(false);
    });

    it("goes through when something unrelated changed in between, and keeps that change", async () => {
      const { certId, session } = await begin(rig);
      await rig.unrelated();
      const between = await rig.state();
      expect(verdict(await session.execute(always))).toBe("executed");
      expect(await rig.state()).toEqual(rig.changed(between));
      expect(await rig.marked(certId)).toBe(true);
    });

    it("goes through when something unrelated changes after the last check", async () => {
      const { session } = await begin(rig);
      let between = await rig.state();
      let guards = 0;
      const result = await session.execute(async () => {
        guards += 1;
        if (guards === 1) {
          await rig.unrelated();
          between = await rig.state();
        }
        return true;
      });
      expect(verdict(result)).toBe("executed");
      expect(await rig.state()).toEqual(rig.changed(between));
    });

    it.each([
      ["answers no", never],
      ["rejects", () => Promise.reject(new Error("guard"))],
      [
        "throws",
        () => {
          throw new Error("guard");
        },
      ],
    ])("sends nothing when the guard %s", async (_title, guard) => {
      const before = await rig.state();
      const { certId, session } = await begin(rig);
      expect(verdict(await session.execute(guard))).toBe("not_executed recalled");
      expect(await rig.state()).toEqual(before);
      expect(await rig.marked(certId)).toBe(false);
    });

    it("sends nothing, and does not hang, when its signal is already aborted", async () => {
      const before = await rig.state();
      const controller = new AbortController();
      const { certId, session } = await begin(rig, { signal: controller.signal });
      controller.abort();
      expect((await session.execute(always)).state).toBe("not_executed");
      expect(await rig.state()).toEqual(before);
      expect(await rig.marked(certId)).toBe(false);
    });

    it("sends nothing when its signal is aborted while the guard is awaited", async () => {
      const before = await rig.state();
      const controller = new AbortController();
      const { session } = await begin(rig, { signal: controller.signal });
      const result = await session.execute(async () => {
        controller.abort();
        return true;
      });
      expect(result.state).toBe("not_executed");
      expect(await rig.state()).toEqual(before);
    });

    it("does not hang when its signal is aborted and the guard never answers", async () => {
      const before = await rig.state();
      const controller = new AbortController();
      const { session } = await begin(rig, { signal: controller.signal });
      const result = await session.execute(() => {
        controller.abort();
        return new Promise(() => undefined);
      });
      expect(result.state).toBe("not_executed");
      expect(await rig.state()).toEqual(before);
    });
  });
}
