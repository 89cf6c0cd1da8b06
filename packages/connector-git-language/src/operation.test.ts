import { describe, expect, it } from "@jest/globals";
import { isBranch, isPath, isPointer, readOperation } from "./index.js";
import { gitLanguage } from "./language.js";

const EDIT = { path: "a/b.yaml", format: "yaml", set: { "/a": 1 } };
const OPEN = {
  branch: "main",
  edits: [{ ...EDIT, set: { "/a": { $open: "replicas" }, "/b": "x@{{parameters.digest}}" } }],
};
const PLAN = { operation: OPEN, live: {}, parameters: {}, identity: "held", reconcile: "exact" } as const;
const operation = (edit: object) => ({ edits: [{ ...EDIT, ...edit }] });
const fieldsOf = (template: Readonly<Record<string, unknown>>) =>
  gitLanguage.planMistakes({ ...PLAN, operation: template }).map(({ field }) => field);

describe("an operation", () => {
  it("may leave parameters open in a template, not when it is filled", () => {
    expect(readOperation(OPEN, "template")).toMatchObject({ ok: true, value: { branch: "main" } });
    expect(readOperation(OPEN, "filled")).toMatchObject({ ok: false, error: { code: "catalogue_invalid" } });
    expect(readOperation({ edits: [EDIT] }, "filled")).toMatchObject({ ok: true });
  });

  it.each<[string, Readonly<Record<string, unknown>>, string]>([
    ["another key", { edits: [EDIT], force: true }, "/operation/force"],
    ["a branch like an option", { branch: "-f", edits: [EDIT] }, "/operation/branch"],
    ["a branch that a parameter chooses", { branch: "{{parameters.branch}}", edits: [EDIT] }, "/operation/branch"],
    ["no edits", {}, "/operation/edits"],
    ["an empty list of edits", { edits: [] }, "/operation/edits"],
    ["edits that are no list", { edits: { 0: EDIT } }, "/operation/edits"],
    ["a file twice", { edits: [EDIT, EDIT] }, "/operation/edits/1/path"],
    ["an edit that is text", { edits: ["x"] }, "/operation/edits/0"],
    ["another key in an edit", operation({ mode: "100755" }), "/operation/edits/0/mode"],
    ["a path outside", operation({ path: "../x.yaml" }), "/operation/edits/0/path"],
    ["a path that a parameter chooses", operation({ path: "a/{{parameters.x}}.yaml" }), "/operation/edits/0/path"],
    ["another format", operation({ format: "toml" }), "/operation/edits/0/format"],
    ["no format", operation({ format: undefined }), "/operation/edits/0/format"],
    ["nothing to set", operation({ set: {} }), "/operation/edits/0/set"],
    ["no pointer", operation({ set: { a: 1 } }), "/operation/edits/0/set/a"],
    ["the whole file", operation({ set: { "": "x" } }), "/operation/edits/0/set/"],
    ["half an escape", operation({ set: { "/a~2": "x" } }), "/operation/edits/0/set/~1a~02"],
    ["one pointer through another", operation({ set: { "/a": 1, "/a/b": 1 } }), "/operation/edits/0/set/~1a~1b"],
    [
      "a container by @, which files do not have",
      operation({ set: { "/spec/containers/@/image": "x" } }),
      "/operation/edits/0/set/~1spec~1containers~1@~1image",
    ],
    ["a fraction", operation({ set: { "/a": 1.5 } }), "/operation/edits/0/set/~1a"],
    ["a null", operation({ set: { "/a": null } }), "/operation/edits/0/set/~1a"],
    ["a list", operation({ set: { "/a": [1] } }), "/operation/edits/0/set/~1a"],
    ["an object", operation({ set: { "/a": { b: 1 } } }), "/operation/edits/0/set/~1a"],
    ["a line break", operation({ set: { "/a": "x\ny" } }), "/operation/edits/0/set/~1a"],
    ["half a surrogate pair", operation({ set: { "/a": "\ud800" } }), "/operation/edits/0/set/~1a"],
    ["text that is too long", operation({ set: { "/a": "x".repeat(1001) } }), "/operation/edits/0/set/~1a"],
    ["a parameter and more", operation({ set: { "/a": { $open: "x", y: 1 } } }), "/operation/edits/0/set/~1a"],
  ])("with %s is refused, at the field", (_title, value, field) => {
    expect(fieldsOf(value)).toEqual([field]);
    expect(readOperation(value, "template")).toMatchObject({ ok: false, error: { facts: { field } } });
  });

  it("has at most 8 files and 32 pointers for each", () => {
    const files = (count: number) => Array.from({ length: count }, (_, index) => ({ ...EDIT, path: `f${index}.yaml` }));
    const set = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, index) => [`/a${index}`, 1]));
    expect([fieldsOf({ edits: files(8) }), fieldsOf({ edits: files(9) })]).toEqual([[], ["/operation/edits"]]);
    expect([fieldsOf(operation({ set: set(32) })), fieldsOf(operation({ set: set(33) }))]).toEqual([
      [],
      ["/operation/edits/0/set"],
    ]);
  });

  it("with several mistakes is refused with all of them", () => {
    const edits = [operation({ path: "/x", format: "ini", set: { a: null } }).edits[0], EDIT, EDIT];
    expect(fieldsOf({ edits, branches: "main" })).toEqual([
      "/operation/branches",
      "/operation/edits/0/path",
      "/operation/edits/0/format",
      "/operation/edits/0/set/a",
      "/operation/edits/0/set/a",
      "/operation/edits/2/path",
    ]);
  });

  it("may not become too long by the longest value of a parameter", () => {
    const template = operation({ set: { "/a": `${"x".repeat(990)}{{parameters.tag}}` } });
    const withTag = (max_length: number) =>
      gitLanguage.planMistakes({
        ...PLAN,
        operation: template,
        parameters: { tag: { type: "string", pattern: "^.$", max_length, description: "" } },
      });
    expect([withTag(10).length, withTag(11).length]).toEqual([0, 1]);
  });
});

describe("a live field", () => {
  it.each([
    ["/spec/replicas", []],
    ["b/c.json#/size", []],
    ["", ["/live/x/at"]],
    ["spec.replicas", ["/live/x/at"]],
    ["#/a", ["/live/x/at"]],
    ["b.yaml#", ["/live/x/at"]],
    ["../b.yaml#/a", ["/live/x/at"]],
    ["b.yaml#a", ["/live/x/at"]],
    ["/spec/containers/@/image", ["/live/x/at"]],
  ])("at %j", (at, fields) => {
    const mistakes = gitLanguage.planMistakes({ ...PLAN, live: { x: { at, show: true } } });
    expect(mistakes.map(({ field }) => field)).toEqual(fields);
  });
});

describe("a path", () => {
  it.each(["a", "a/b.yaml", ".github/x.yml", "a_b/c-d@1.2+3,4=5"])("%j is one", (path) => {
    expect(isPath(path)).toBe(true);
  });

  it.each([
    "",
    "/a",
    "a/",
    "a//b",
    ".",
    "..",
    "a/../b",
    "./a",
    "...",
    ".git",
    ".git/config",
    "a/.GIT/b",
    ".git.",
    "-a",
    "a/-b",
    "a b",
    "a\nb",
    "a\0b",
    "a\\b",
    "git~1",
    ":(top)a",
    "a*",
    "é",
    "a".repeat(191),
    7,
  ])("%j is none", (path) => {
    expect(isPath(path)).toBe(false);
  });
});

describe("a branch", () => {
  it.each(["main", "release/1.2", "a_b-c"])("%j is one", (branch) => {
    expect(isBranch(branch)).toBe(true);
  });

  it.each([
    "",
    "-f",
    "a..b",
    "a/",
    "/a",
    "a//b",
    ".a",
    "a/.b",
    "a.lock",
    "a.lock/b",
    "a.",
    "a b",
    "a:b",
    "a~1",
    "a^",
    "@{u}",
    "a\n",
  ])("%j is none", (branch) => {
    expect(isBranch(branch)).toBe(false);
  });
});

it.each(["", "a", "/~", "/a~2", "/a\n", `/${"a".repeat(300)}`])("%j is no pointer", (pointer) => {
  expect(isPointer(pointer)).toBe(false);
});
