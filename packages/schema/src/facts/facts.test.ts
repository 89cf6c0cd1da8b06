import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import { Key, validate } from "../index.js";
import { type Fact, type FactTable, MAX_CERTIFICATE_FACTS } from "./fact.js";
import { createFacts, facts } from "./facts.js";
import { FACTS } from "./table.js";
import { isOfType, isWorseValue, worstOf } from "./value.js";

const ROWS: readonly (readonly [string, Fact])[] = Object.entries(FACTS);
const ok = { ok: true };

describe("the table of facts", () => {
  it.each(ROWS)("%s has a name, an absent value of its type and a direction that its type has", (name, fact) => {
    expect(validate(Key, name, "request_invalid")).toMatchObject(ok);
    expect(isOfType(fact.type, fact.absent)).toBe(true);
    const directions = {
      flag: ["true", "false"],
      integer: ["more", "less"],
      word: ["less"],
      text: ["other"],
      names: ["other"],
    };
    expect(directions[fact.type.kind]).toContain(fact.worse);
    expect(fact.about).toMatch(/^[A-Z].*\.$/);
  });

  it.each(ROWS.filter(([, { policies }]) => policies))("%s is never good when it is absent", (_, fact) => {
    const others: Record<Fact["type"]["kind"], readonly (string | number | boolean)[]> = {
      flag: [true, false],
      integer: fact.type.kind === "integer" ? [fact.type.minimum, fact.type.maximum] : [],
      word: fact.type.kind === "word" ? fact.type.words : [],
      text: [],
      names: [],
    };
    for (const value of others[fact.type.kind]) expect(isWorseValue(fact, value, fact.absent)).toBe(false);
  });

  it("gives a certificate few facts, each under a name of its own", () => {
    const names = ROWS.flatMap(([, { certificate }]) => (certificate === null ? [] : [certificate]));
    expect(names.length).toBeLessThanOrEqual(MAX_CERTIFICATE_FACTS);
    expect(new Set(names).size).toBe(names.length);
    for (const name of names) expect(validate(Key, name, "request_invalid")).toMatchObject(ok);
  });
});

const good = {
  risk: 20,
  tests_passed: true,
  image_attested: true,
  window_open: true,
  freeze: false,
  live_fresh: true,
};

describe("what time changes", () => {
  it("is what the records of earlier versions hold", () => {
    // The members of `volatile` in `pending` records as they were first written.
    const all = { ...facts.absentEvidence(), risk: 1 };
    expect(Object.keys(facts.volatileOf(all)).sort()).toEqual(Object.keys(good).sort());
  });

  it("is not worse when it is equal or better", () => {
    expect(facts.isWorse(good, good)).toBe(false);
    expect(facts.isWorse({ ...good, risk: 0 }, good)).toBe(false);
    expect(facts.isWorse(good, { ...good, freeze: true, tests_passed: false, risk: 90 })).toBe(false);
  });

  it.each([
    { risk: 21 },
    { tests_passed: false },
    { image_attested: false },
    { window_open: false },
    { freeze: true },
    { live_fresh: false },
  ])("is worse with %j", (change) => {
    expect(facts.isWorse({ ...good, ...change }, good)).toBe(true);
  });

  it("is worse where people were not shown it, or were shown something that it cannot be", () => {
    const { freeze: _, ...unshown } = good;
    expect(facts.isWorse(good, unshown)).toBe(true);
    expect(facts.isWorse(good, { ...good, risk: "many" })).toBe(true);
    expect(facts.isWorse(good, JSON.parse('{"__proto__":{"freeze":false}}'))).toBe(true);
  });
});

describe("several sources", () => {
  it("never make a fact better than the worst of them, in whatever order they speak", () => {
    for (const [, fact] of ROWS) {
      const value = arbitraryOf(fact);
      fc.assert(
        fc.property(fc.array(value, { minLength: 1, maxLength: 4 }), (said) => {
          const worst = worstOf(fact, said);
          expect(worstOf(fact, [...said].reverse())).toEqual(worst);
          if (fact.worse === "other") expect([said[0], fact.absent]).toContainEqual(worst);
          else for (const one of said) expect(isWorseValue(fact, one, worst)).toBe(false);
        }),
        { numRuns: 50 },
      );
    }
  });
});

function arbitraryOf({ type }: Fact): fc.Arbitrary<string | number | boolean | string[] | null> {
  switch (type.kind) {
    case "flag":
      return fc.boolean();
    case "integer":
      return fc.integer({ min: type.minimum, max: type.maximum });
    case "word":
      return fc.constantFrom(...type.words);
    case "text":
      return fc.constantFrom("a", "b", null);
    case "names":
      return fc.constantFrom<string | string[] | null>("a", ["a", "b"], null);
  }
}

describe("a fact more", () => {
  const table = {
    ...FACTS,
    reviewers: {
      type: { kind: "integer", minimum: 0, maximum: 9 },
      absent: 0,
      worse: "less",
      time: "volatile",
      from: "evidence",
      policies: true,
      certificate: "reviewers",
      about: "Number of people who reviewed the change.",
    },
  } as const satisfies FactTable;
  const more = createFacts(table);

  it("is in the neutral context and required in the policies' context", () => {
    expect(more.neutralContext()).toEqual({ ...facts.neutralContext(), reviewers: 0 });
    const schema = more.contextSchema();
    expect(validate(schema, more.neutralContext(), "request_invalid")).toMatchObject(ok);
    expect(validate(schema, facts.neutralContext(), "request_invalid")).toMatchObject({ ok: false });
    expect(validate(schema, { ...more.neutralContext(), reviewers: 10 }, "request_invalid")).toMatchObject({
      ok: false,
    });
    expect(validate(more.partialContextSchema(), { reviewers: 3 }, "request_invalid")).toMatchObject(ok);
    expect(validate(more.partialContextSchema(), { moon: 3 }, "request_invalid")).toMatchObject({ ok: false });
  });

  it("is combined by its own direction, and absent where nobody speaks of it", () => {
    expect(more.combineEvidence([{ reviewers: 2 }, { reviewers: 1 }, {}]).reviewers).toBe(1);
    expect(more.combineEvidence([{ freeze: false }])).toMatchObject({
      reviewers: 0,
      freeze: false,
      window_open: false,
    });
  });

  it("is compared at issuance, and makes what was shown without it too little", () => {
    const then = more.volatileOf({ ...good, reviewers: 2 });
    expect(more.isWorse({ ...good, reviewers: 2 }, then)).toBe(false);
    expect(more.isWorse({ ...good, reviewers: 1 }, then)).toBe(true);
    expect(more.isWorse({ ...good, reviewers: 9 }, good)).toBe(true);
  });

  it("is in the certificate under its name there", () => {
    expect(more.certificateFacts({ reviewers: 2, risk: 7, freeze: true, freeze_name: "audit" })).toEqual({
      reviewers: 2,
      risk_score: 7,
      freeze: "audit",
    });
  });
});
