import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { LiveState, validate } from "@seb/schema";
import { type ConnectorRig, look, newCertId, type StartRig } from "./rig.js";

const UNKNOWN_TARGET = "no-such-target";

/** What `observe` promises, and what every call says of an unknown target. */
export function observing(start: StartRig): void {
  describe("observe", () => {
    let rig: ConnectorRig;
    beforeEach(async () => {
      rig = await start();
    });
    afterEach(() => rig.stop());

    it("sees the same twice while nothing changes", async () => {
      expect(await look(rig)).toEqual(await look(rig));
    });

    it("answers a live state with a precondition and a digest of every field", async () => {
      const seen = await look(rig);
      expect(validate(LiveState, seen, "observation_invalid")).toMatchObject({ ok: true });
      expect(Object.keys(seen.fields).sort()).toEqual(Object.keys(rig.look.live).sort());
      expect(Object.keys(seen.precondition).length).toBeGreaterThan(0);
      expect(rig.language.preconditionMistakes(rig.look, seen.precondition)).toEqual([]);
      expect(rig.language.name).toBe(rig.connector.name);
    });

    it("shows no value of a field that is not to be shown", async () => {
      const hidden = Object.fromEntries(
        Object.entries(rig.look.live).map(([name, field]) => [name, { ...field, show: false, previous: false }]),
      );
      const seen = await rig.connector.observe({ ...rig.look, live: hidden, signal: AbortSignal.timeout(10_000) });
      expect(seen).toMatchObject({ ok: true, value: { values: {}, previous: {} } });
    });

    it("sees another precondition once a certified field has changed", async () => {
      const before = await look(rig);
      await rig.drift();
      const after = await look(rig);
      expect(after.precondition).not.toEqual(before.precondition);
      expect(after.uid).toBe(before.uid);
    });

    it("sees the same precondition after an unrelated change", async () => {
      const before = await look(rig);
      await rig.unrelated();
      expect((await look(rig)).precondition).toEqual(before.precondition);
    });

    it("changes nothing", async () => {
      const before = await rig.state();
      await look(rig);
      expect(await rig.state()).toEqual(before);
    });

    it("ends at once when its signal is already aborted", async () => {
      const seen = await rig.connector.observe({ ...rig.look, signal: AbortSignal.abort() });
      expect(seen).toMatchObject({ ok: false, error: { code: "target_unavailable" } });
    });
  });

  describe("an unknown target or operation", () => {
    let rig: ConnectorRig;
    beforeEach(async () => {
      rig = await start();
    });
    afterEach(() => rig.stop());

    it("is target_unknown for every call", async () => {
      const signal = AbortSignal.timeout(10_000);
      const known = rig.contract((await look(rig)).precondition);
      const contract = { ...known, target: UNKNOWN_TARGET };
      const certId = newCertId();
      const answers = [
        await rig.connector.observe({ ...rig.look, target: UNKNOWN_TARGET, signal }),
        await rig.connector.open({
          cert_id: certId,
          subject: "agent:contract",
          contract,
          operation: { ...rig.operation, target: UNKNOWN_TARGET },
          fence: 1,
          not_after_ms: Date.now() + 60_000,
          signal,
        }),
        await rig.connector.recall(certId, contract, signal),
        await rig.connector.fence(certId, contract, signal),
        await rig.connector.reconcile(certId, contract, signal),
      ];
      const codes = answers.map((answer) => (answer.ok ? "ok" : answer.error.code));
      expect(codes).toEqual(answers.map(() => "target_unknown"));
    });

    it("is target_refused when the operation is not one of this connector's", async () => {
      for (const operation of [{ ...rig.look.operation, command: "rm -rf /" }, {}]) {
        const seen = await rig.connector.observe({ ...rig.look, operation, signal: AbortSignal.timeout(10_000) });
        expect(seen).toMatchObject({ ok: false, error: { code: "target_refused" } });
      }
    });
  });
}
