import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import {
  type GuardCode,
  type GuardRequest,
  PROTECTION_PARTS,
  type Protection,
  type Rendered,
  type SweepRequest,
} from "../protection.js";

/** A fresh target that nothing guards yet, and the guard of it. Parts that the protection lacks are never called. */
export interface ProtectionRig {
  readonly protection: Protection;
  readonly plans: GuardRequest["plans"];
  /** Applies what was rendered, as an installer does, and waits until it counts. */
  apply(rendered: Rendered): Promise<void>;
  /** Somebody changes one object that was applied; answers its kind and name. */
  tamper(): Promise<{ readonly kind: string; readonly name: string }>;
  /** Leaves what an execution leaves when its broker dies; answers names of it, and waits until it is older than `olderThanMs`. */
  leave(olderThanMs: number): Promise<readonly string[]>;
  /** Names of what {@link leave} left that are still there. */
  left(): Promise<readonly string[]>;
  /** Removes the target. */
  stop(): Promise<void>;
}

/** Makes a rig; called once for each test. */
export type StartProtection = () => Promise<ProtectionRig>;

const NOW_MS = Date.UTC(2026, 0, 1);
const OLD_MS = 1000;

/** The suite that every adapter of the port {@link Protection} runs against a real target. Registers jest tests. */
export function protectionContract(name: string, start: StartProtection): void {
  describe(`protection contract: ${name}`, () => {
    let rig: ProtectionRig;
    beforeEach(async () => {
      rig = await start();
    }, 60_000);
    afterEach(async () => {
      rig.protection.close();
      await rig.stop();
    });
    const guard = (more: Partial<GuardRequest> = {}): GuardRequest => ({
      plans: rig.plans,
      protect: undefined,
      nowMs: NOW_MS,
      signal: AbortSignal.timeout(20_000),
      ...more,
    });
    const sweep = (more: Partial<SweepRequest> = {}): SweepRequest => ({
      plans: rig.plans,
      olderThanMs: OLD_MS,
      signal: AbortSignal.timeout(20_000),
      ...more,
    });

    it("has each part, or says what does its work", () => {
      for (const part of PROTECTION_PARTS)
        expect({ part, without: rig.protection.without[part] }).toEqual({
          part,
          without: rig.protection[part] === undefined ? expect.stringMatching(/^[A-Z].{20,}\.$/) : undefined,
        });
    });

    it("renders the same bytes each time, and refuses plans and protections of another language", async () => {
      const { render } = rig.protection;
      if (render === undefined) return expect(rig.protection.without.render).toBeDefined();
      const first = valueIn(await render(guard()));
      expect(first.text).not.toBe("");
      expect(valueIn(await render(guard()))).toEqual(first);
      const [plan] = rig.plans;
      const odd = {
        ...plan,
        action: "odd",
        resource: "service:a/region:b",
        live: {},
        operation: { command: "rm -rf /" },
      };
      expect(codeOf(await render(guard({ plans: [...rig.plans, odd] })))).toBe("catalogue_invalid");
      expect(codeOf(await render(guard({ protect: { ver: 1, command: "rm -rf /" } })))).toBe("setting_invalid");
    });

    it("finds everything missing, then the same, then what somebody changed", async () => {
      const { render, check } = rig.protection;
      if (render === undefined || check === undefined) return expect(rig.protection.without.check).toBeDefined();
      const rendered = valueIn(await render(guard()));
      const before = valueIn(await check(guard()));
      expect(before).toHaveLength(rendered.objects.length);
      expect(before.filter(({ state }) => state === "missing")).not.toEqual([]);
      await rig.apply(rendered);
      expect(new Set(valueIn(await check(guard())).map(({ state }) => state))).toEqual(new Set(["same"]));
      const changed = await rig.tamper();
      const wrong = valueIn(await check(guard())).filter(({ state }) => state !== "same");
      expect(wrong).toMatchObject([changed]);
    });

    it("sweeps what a dead execution left once it is old enough, and nothing before or after", async () => {
      const { render } = rig.protection;
      if (render === undefined || rig.protection.sweep === undefined)
        return expect(rig.protection.without.sweep).toBeDefined();
      await rig.apply(valueIn(await render(guard())));
      const names = await rig.leave(OLD_MS);
      expect(await rig.left()).toEqual(names);
      const removedBy = async (request: SweepRequest) => {
        const swept = valueIn((await rig.protection.sweep?.(request)) ?? nothing);
        expect(swept.failed).toEqual([]);
        return Object.values(swept.removed).flat();
      };
      expect(await removedBy(sweep({ olderThanMs: 3_600_000 }))).toEqual([]);
      expect((await removedBy(sweep())).sort()).toEqual([...names].sort());
      expect(await rig.left()).toEqual([]);
      expect(await removedBy(sweep())).toEqual([]);
    });

    it("ends at once when its signal is already aborted", async () => {
      const signal = AbortSignal.abort();
      const answers = [
        await rig.protection.render?.(guard({ signal })),
        await rig.protection.check?.(guard({ signal })),
        await rig.protection.sweep?.(sweep({ signal })),
      ].flatMap((answer) => (answer === undefined ? [] : [codeOf(answer)]));
      expect(answers).toEqual(answers.map(() => "target_unavailable"));
    });
  });
}

type Answer<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: { code: GuardCode } };
const nothing: Answer<never> = { ok: false, error: { code: "target_refused" } };
const codeOf = (answer: Answer<unknown>): string => (answer.ok ? "ok" : answer.error.code);

function valueIn<T>(answer: Answer<T>): T {
  if (!answer.ok) throw new Error(answer.error.code);
  return answer.value;
}
