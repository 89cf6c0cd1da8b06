import { describe, expect, it } from "@jest/globals";
import { FACTS, type FactTable } from "@seb/schema";
import { cedarSchema } from "./index.js";

describe("the Cedar schema", () => {
  it("has the facts that policies see, by their types, and the actions, sorted", () => {
    const schema = cedarSchema(["scale", "deploy"]);
    expect(schema).toContain("\n  risk: Long,\n");
    expect(schema).toContain("\n  freeze: Bool,\n");
    expect(schema).toContain("\n  region: String,\n");
    expect(schema).toContain('\naction "deploy", "scale" appliesTo {\n');
    for (const [name, { policies }] of Object.entries(FACTS)) {
      expect({ name, there: new RegExp(`^  ${name}: `, "m").test(schema) }).toEqual({ name, there: policies });
    }
  });

  it("has a fact more where the table has it", () => {
    const about = "Number of people who reviewed the change.";
    const type = { kind: "integer", minimum: 0, maximum: 9 } as const;
    const reviewers = {
      type,
      absent: 0,
      worse: "less",
      time: "stable",
      from: "evidence",
      policies: true,
      certificate: null,
      about,
    } as const;
    const table: FactTable = { ...FACTS, reviewers };
    expect(cedarSchema(["deploy"], table)).toContain(`\n  // ${about}\n  reviewers: Long,\n`);
    expect(cedarSchema(["deploy"])).not.toContain("reviewers");
    const text: FactTable = {
      ...FACTS,
      reviewers: { ...reviewers, type: { kind: "text", maxLength: 10 }, absent: null, worse: "other" },
    };
    expect(() => cedarSchema(["deploy"], text)).toThrow(TypeError);
  });
});
