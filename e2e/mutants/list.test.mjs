import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, it } from "@jest/globals";
import { MUTANTS } from "./checks/index.mjs";
import { Sources } from "./sources.mjs";
import { problemsOf, problemsOfList, standing } from "./standing.mjs";

const root = fileURLToPath(new URL("../..", import.meta.url));

describe("the list of mutants", () => {
  let standings;
  beforeAll(() => {
    const sources = new Sources(root);
    standings = new Map(MUTANTS.map((mutant) => [mutant.name, standing(sources, mutant)]));
  }, 120_000);

  it("names conditions that stand in the sources, each once", () => {
    expect(problemsOf(root, MUTANTS, standings)).toEqual([]);
  });

  it("gives each mutant a name of its own and each guarantee a mutant", () => {
    expect(problemsOfList(root, MUTANTS)).toEqual([]);
  });

  it("changes sources that exist, by edits of which at least one is for each of them", () => {
    for (const { name, edits } of MUTANTS) {
      const files = [...standings.get(name).files.keys()];
      expect(files.length).toBeGreaterThan(0);
      expect(files.length).toBeLessThanOrEqual(edits.length);
      for (const file of files) expect(existsSync(join(root, file))).toBe(true);
    }
  });
});

describe("problems", () => {
  const missing = { name: "m", guarantee: "no-such-test", layer: "only", edits: [] };

  it("tells a mutant whose test does not exist, and one whose condition is missing", () => {
    const standings = new Map([["m", { why: "the condition `x` is nowhere" }]]);
    expect(problemsOf(root, [missing], standings)).toEqual([
      { name: "m", verdict: "cannot-apply", detail: "the condition `x` is nowhere" },
      { name: "m", verdict: "no-test", detail: "no-such-test.test.ts does not exist" },
    ]);
  });

  it("tells names given twice and guarantees without a mutant", () => {
    const [first, ...others] = MUTANTS;
    const details = problemsOfList(root, [first, first, ...others.slice(1)]).map(({ name, verdict }) => [
      name,
      verdict,
    ]);
    expect(details).toContainEqual([first.name, "cannot-apply"]);
    expect(problemsOfList(root, [first]).map(({ verdict }) => verdict)).toContain("no-mutant");
  });
});
