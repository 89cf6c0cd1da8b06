import { describe, expect, it } from "@jest/globals";
import type { Contract, Mistake } from "@seb/schema";
import fc from "fast-check";
import type { ConnectorLanguage, LanguagePlan, Looked } from "./port.js";

/** What one language is shown. */
export interface LanguageSamples {
  /** A right plan, with at least one parameter and one live field. */
  readonly plan: LanguagePlan;
  /** The precondition that an observation of this plan makes. */
  readonly precondition: Contract["precondition"];
  /** A right entry of targets.yaml. */
  readonly target: Readonly<Record<string, unknown>>;
}

const PLAN_FIELDS = /^\/(?:operation|live|identity|reconcile)(?:\/|$)/;

/**
 * The suite of the port {@link ConnectorLanguage}: what every language promises, whatever it understands. Registers jest tests.
 */
export function languageContract(language: ConnectorLanguage, samples: LanguageSamples): void {
  const { plan, precondition, target } = samples;
  const wrong = (change: Partial<LanguagePlan>) => language.planMistakes({ ...plan, ...change });

  describe(`connector language contract: ${language.name}`, () => {
    it("finds nothing wrong with what is right, and changes none of it", () => {
      const before = structuredClone(samples);
      expect(language.planMistakes(plan)).toEqual([]);
      expect(language.preconditionMistakes(plan, precondition)).toEqual([]);
      expect(language.targetMistakes(target)).toEqual([]);
      expect(samples).toEqual(before);
    });

    it("finds every mistake at once, each at its field", () => {
      const one = { ...plan.operation, command: "rm -rf /" };
      const other = { ...plan.live, odd: { at: "no place", show: true } };
      const first = wrong({ operation: one });
      const second = wrong({ live: other });
      expect(first.map(({ field }) => field)).toEqual(["/operation/command"]);
      expect(second.map(({ field }) => field)).toEqual(["/live/odd/at"]);
      expect(wrong({ operation: one, live: other })).toEqual([...first, ...second]);
    });

    it("refuses an empty operation, and offers names near to a wrong one", () => {
      expect(wrong({ operation: {} }).length).toBeGreaterThan(0);
      for (const [key, value] of Object.entries(plan.operation)) {
        const { [key]: _, ...others } = plan.operation;
        const mistakes = wrong({ operation: { ...others, [`${key}s`]: value } });
        expect(mistakes).toContainEqual(
          expect.objectContaining({ field: `/operation/${key}s`, near: expect.arrayContaining([key]) }),
        );
      }
    });

    it("refuses an identity and a way to reconcile that the connector does not have", () => {
      const identities = (["minted", "held"] as const).filter((identity) => wrong({ identity }).length === 0);
      expect(identities).toEqual([plan.identity]);
      const refused = (["exact", "state", "none"] as const).filter((reconcile) => wrong({ reconcile }).length > 0);
      expect(refused).not.toEqual([]);
      expect(refused).not.toContain(plan.reconcile);
    });

    it("refuses a precondition that lacks a condition, has one more, or another value", () => {
      const mistakes = (changed: Contract["precondition"]) => language.preconditionMistakes(plan, changed);
      expect(mistakes({}).length).toBe(Object.keys(precondition).length);
      for (const key of Object.keys(precondition)) {
        const { [key]: _, ...others } = precondition;
        expect(mistakes(others)).toHaveLength(1);
        expect(mistakes({ ...precondition, [key]: "not one" })).toHaveLength(1);
        expect(mistakes({ ...precondition, [`${key}x`]: precondition[key] ?? "" })).toHaveLength(1);
      }
    });

    it("refuses another member of a target, and every wrong value of it, without repeating any", () => {
      const SECRET = "hunter2-5up3r-s3cr3t\n";
      expect(language.targetMistakes({ ...target, odd_key: SECRET })).toMatchObject([{ field: "/odd_key" }]);
      for (const key of Object.keys(target).filter((name) => name !== "connector")) {
        const mistakes = language.targetMistakes({ ...target, [key]: SECRET });
        expect(mistakes.map(({ field }) => field)).toContain(`/${key}`);
        expect(JSON.stringify(mistakes)).not.toContain("hunter2");
      }
      expect(JSON.stringify(language.targetMistakes({ ...target, [SECRET]: 1 }))).not.toContain("hunter2");
    });

    it("answers alike for frozen and for copied input, and never throws, whatever JSON it is given", () => {
      const json = fc.jsonValue({ maxDepth: 4 });
      const object = fc.dictionary(fc.oneof(fc.constantFrom(...Object.keys(plan.operation)), fc.string()), json);
      const live = fc.dictionary(fc.string(), fc.record({ at: fc.string(), show: fc.boolean() }));
      fc.assert(
        fc.property(object, live, fc.dictionary(fc.string(), fc.string()), (operation, places, conditions) => {
          const looked: Looked = { operation: { ...plan.operation, ...operation }, live: places };
          for (const candidate of [looked, { operation, live: places }]) {
            const mistakes = language.planMistakes({ ...plan, ...candidate });
            expect(language.planMistakes(structuredClone({ ...plan, ...candidate }))).toEqual(mistakes);
            for (const mistake of mistakes) expectSaid(mistake, PLAN_FIELDS);
            for (const mistake of language.preconditionMistakes(candidate, conditions)) expectSaid(mistake, /^\//);
          }
          for (const mistake of language.targetMistakes(operation)) expectSaid(mistake, /^\//);
        }),
        { numRuns: 50 },
      );
    });
  });
}

function expectSaid({ file, field, found, expected }: Mistake, fields: RegExp): void {
  expect(file).toBe("");
  expect(field).toMatch(fields);
  expect(found).not.toBe("");
  expect(expected).not.toBe("");
}
