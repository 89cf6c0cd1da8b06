import { describe, expect, it } from "@jest/globals";
import { failMistakes, type Mistake, nearest, printable, sentenceOf, sentencesOf, shown } from "./index.js";

const mistake: Mistake = {
  file: "actions/deploy.yaml",
  field: "/scope/max_replicas/bounds",
  line: 12,
  found: "`replica`",
  expected: "one of the action's parameters",
  near: ["replicas"],
};

describe("sentenceOf", () => {
  it("says file, line, field, found, expected and near names", () => {
    expect(sentenceOf(mistake)).toBe(
      "actions/deploy.yaml, line 12, /scope/max_replicas/bounds: found `replica`, expected one of the action's parameters; did you mean `replicas`?",
    );
  });

  it("says the column where it is known", () => {
    const place = { file: "policy/95-own.cedar", line: 3, column: 17 };
    expect(sentenceOf({ ...place, found: "`rsik`", expected: "a fact of the context" })).toBe(
      "policy/95-own.cedar, line 3 column 17: found `rsik`, expected a fact of the context.",
    );
  });

  it("leaves out what is not known", () => {
    expect(sentenceOf({ file: "a.yaml", found: "nothing", expected: "a file" })).toBe(
      "a.yaml: found nothing, expected a file.",
    );
    expect(sentenceOf({ file: "", found: "1", expected: "2" })).toBe("found 1, expected 2.");
  });
});

describe("failMistakes", () => {
  it("says how many more there are, and lists at most 100", () => {
    const many = Array.from({ length: 250 }, (_, line) => ({ ...mistake, line: line + 1 }));
    const { error } = failMistakes("catalogue_invalid", [mistake, ...many]);
    expect(error.detail).toBe(`${sentenceOf(mistake)} And 250 more.`);
    expect(error.mistakes).toHaveLength(100);
    expect(error.facts).toEqual({ file: mistake.file, field: mistake.field, line: 12, mistakes: 251 });
    expect(failMistakes("bundle_unreadable", [mistake]).error.detail).toBe(sentenceOf(mistake));
    expect(sentencesOf(error)).toHaveLength(101);
    expect(sentencesOf(error).at(-1)).toBe("And 151 more.");
    expect(sentencesOf({ code: "internal", detail: "lost" })).toEqual(["lost"]);
  });
});

describe("shown", () => {
  it.each<[unknown, string]>([
    [undefined, "nothing"],
    [null, "null"],
    ["deploy", "`deploy`"],
    ["", "empty text"],
    [12, "12"],
    [true, "true"],
    [[1, 2], "a list of 2"],
    [[], "an empty list"],
    [{ a: 1 }, "a mapping"],
    [{}, "an empty mapping"],
    ["attestation_max_age_secondss", "`attestation_max_age_secondss`"],
    ["agent:emergency-rollback-europe-west-1", "`agent:emergency-rollback-europe-west-1`"],
  ])("%j is %s", (value, text) => {
    expect(shown(value)).toBe(text);
  });

  it.each([
    ["WJfU0fO6FY7a3edoUx6fogGcqKYNRdvQ1CfV_fzztU0", "keys"],
    ["-----BEGIN PRIVATE KEY-----", "jwk"],
    ["Bearer eyJhbGciOiJFZERTQSJ9abc.x", "url"],
    ["hunter2", "password"],
    ["hunter2", "client_secret"],
    ["hunter2", "d"],
  ])("does not repeat %s, found as %s", (value, member) => {
    expect(shown(value, member)).toBe(`text of ${value.length} characters`);
  });
});

describe("printable", () => {
  it.each([
    ["a\u001b[31mb", "a\\u{1b}[31mb"],
    ["a\u202eb", "a\\u{202e}b"],
    ["a\u2066b\u200bc", "a\\u{2066}b\\u{200b}c"],
    ["a\u3164b", "a\\u{3164}b"],
    ["a\nb", "a\\u{a}b"],
    ["a\ud800b", "a\\u{d800}b"],
    ["a`b", "a\\u{60}b"],
    ["caf\u00e9 \u{1f600}", "caf\u00e9 \u{1f600}"],
  ])("neutralises %j", (text, safe) => {
    expect(printable(text, 60)).toBe(safe);
  });

  it("keeps whole characters, and no more than it may", () => {
    expect(printable("\u{1f600}".repeat(10), 3)).toBe(`${"\u{1f600}".repeat(3)}...`);
    expect(printable("x".repeat(100_000), 60)).toBe(`${"x".repeat(60)}...`);
  });
});

describe("nearest", () => {
  const names = ["checkout", "search", "catalogue", "image_repository", "up"];
  it.each([
    ["chekcout", ["checkout"]],
    ["serch", ["search"]],
    ["searhc", ["search"]],
    ["Search", ["search"]],
    ["image-repository", ["image_repository"]],
    ["payments", []],
    ["us", ["up"]],
  ])("%s is near %j", (name, near) => {
    expect(nearest(name, names)).toEqual(near);
  });

  it("does not compare long text", () => {
    expect(nearest("x".repeat(5000), ["x".repeat(5000)])).toEqual([]);
  });

  it("gives at most three, the nearest first", () => {
    expect(nearest("node-1", ["node-22", "node-3", "node-4", "node-10", "node-2"])).toEqual([
      "node-10",
      "node-2",
      "node-3",
    ]);
  });
});
