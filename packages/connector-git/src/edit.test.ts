import { describe, expect, it } from "@jest/globals";
import type { Edit, Format } from "@seb/connector-git-language";
import type { ScalarValue } from "@seb/connector-language";
import fc from "fast-check";
import { parse } from "yaml";
import { DEPLOYMENT, MANIFEST, NEW_IMAGE, OLD_IMAGE } from "../test/rig.js";
import { parseFile, valueAt } from "./documents.js";
import { editable, editFile } from "./edit.js";

const edit = (set: Record<string, ScalarValue | undefined>, format: Format = "yaml"): Edit => ({
  path: DEPLOYMENT,
  format,
  set: new Map(Object.entries(set)),
});

function edited(text: string, set: Record<string, ScalarValue>, format: Format = "yaml"): string {
  const result = editFile(text, edit(set, format));
  if (!result.ok) throw new Error(result.error.detail);
  return result.value;
}

const REFUSED = { ok: false, error: { code: "target_refused" } };

describe("a YAML file", () => {
  it("changes in the named places and nowhere else", () => {
    const set = {
      "/spec/template/spec/containers/0/image": NEW_IMAGE,
      "/spec/replicas": 12,
      "/metadata/labels/team": 'a "quoted" # team',
      "/metadata/labels/tier": "it's two",
      "/spec/template/spec/containers/0/args/1": "--port=81",
    };
    const wanted = MANIFEST.replace(OLD_IMAGE, NEW_IMAGE)
      .replace("replicas: 3 #", "replicas: 12 #")
      .replace('"checkout"', '"a \\"quoted\\" # team"')
      .replace("'tier': one", `'tier': "it's two"`)
      .replace("'--port=80'", "'--port=81'");
    expect(edited(MANIFEST, set)).toBe(wanted);
  });

  it("keeps line ends, tabs in comments and a missing last newline", () => {
    expect(edited("a: 1\r\n# \tx\r\nb: two", { "/b": "three" })).toBe("a: 1\r\n# \tx\r\nb: three");
  });

  it("is left alone where the value is the same already, however it is written", () => {
    expect(edited("a: 0x10\nb:  'x'\n", { "/a": 16, "/b": "x" })).toBe("a: 0x10\nb:  'x'\n");
  });

  it.each([
    ["yes"],
    ["no"],
    ["null"],
    ["~"],
    ["1e3"],
    ["0o7"],
    ["12:30:45"],
    ["2026-01-01"],
    ["a: b"],
    ["a #b"],
    ["- a"],
    ["*a"],
    ["&a"],
    ["!a"],
    ["%a"],
    ["@a"],
    [""],
    [" a"],
    ["a "],
    ["[a]"],
    ["{a}"],
    ["a, b"],
    ["|"],
    [">"],
    ["---"],
    ["..."],
    ["é \u2028 𝄞"],
  ])("takes %j as text, for readers of YAML 1.1 and 1.2", (value) => {
    const text = edited("list: [x, z]\nkey: plain # c\n", { "/list/0": value, "/key": value });
    for (const version of ["1.1", "1.2"] as const) {
      expect(parse(text, { version })).toEqual({ list: [value, "z"], key: value });
    }
    expect(text).toContain(" # c\n");
  });

  it("holds any text and integer that was written, and otherwise what it held", () => {
    const text = "# head\na: plain # one\nb: 'single'\nc: \"double\"\nd: [flow, {k: v}]\ne: 5\n";
    const value = fc
      .string({ unit: "grapheme", maxLength: 60 })
      .filter((made) => /^[^\p{Cc}\p{Surrogate}]*$/u.test(made));
    const set = fc.record({
      "/a": value,
      "/b": value,
      "/c": value,
      "/d/0": value,
      "/d/1/k": value,
      "/e": fc.maxSafeInteger(),
    });
    fc.assert(
      fc.property(set, (wanted) => {
        const text2 = edited(text, wanted);
        expect(parse(text2)).toEqual({
          a: wanted["/a"],
          b: wanted["/b"],
          c: wanted["/c"],
          d: [wanted["/d/0"], { k: wanted["/d/1/k"] }],
          e: wanted["/e"] === 0 ? 0 : wanted["/e"],
        });
        expect(text2.startsWith("# head\na: ")).toBe(true);
        expect(text2.split("\n").length).toBe(text.split("\n").length);
      }),
      { numRuns: 150 },
    );
  });

  it.each([
    ["a missing field", "a: 1\n", "/b", 1],
    ["an inherited name", "a: 1\n", "/toString", "x"],
    ["a prototype", "a: 1\n", "/__proto__", "x"],
    ["an index beyond the end", "a: [1]\n", "/a/1", 1],
    ["the end of a list", "a: [1]\n", "/a/-", 1],
    ["an index with a leading zero", "a: [1, 2]\n", "/a/01", 1],
    ["a field of a scalar", "a: 1\n", "/a/b", 1],
    ["a map", "a: {b: 1}\n", "/a", "x"],
    ["a list", "a: [1]\n", "/a", "x"],
    ["a null", "a:\n", "/a", "x"],
    ["text by a number", "a: x\n", "/a", 1],
    ["a number by text", "a: 1\n", "/a", "1"],
    ["a boolean by a number", "a: true\n", "/a", 1],
    ["an alias", "a: &x 1\nb: *x\n", "/b", 2],
    ["what an alias repeats", "a: &x 1\nb: *x\n", "/a", 2],
    ["inside what an alias repeats", "a: &x {k: 1}\nb: *x\n", "/a/k", 2],
    ["through an alias", "a: &x {k: 1}\nb: *x\n", "/b/k", 2],
    ["what is only merged in", "a: &x {k: 1}\nb: {<<: *x}\n", "/b/k", 2],
    ["a tagged value", "a: !!str 1\n", "/a", "x"],
    ["a block scalar", "a: |\n  x\n", "/a", "y"],
    ["a folded scalar", "a: >\n  x\n", "/a", "y"],
    ["a file with a key twice", "a: 1\na: 2\n", "/a", 3],
    ["a file of two documents", "a: 1\n---\na: 2\n", "/a", 3],
    ["a file that does not parse", "a: [1\n", "/a", 3],
    ["a file of tabs", "a:\n\tb: 1\n", "/a/b", 3],
    ["an empty file", "", "/a", 3],
    ["a file nested without end", "[".repeat(60_000), "/0", 3],
    ["a file whose aliases multiply", bomb(), "/z", 3],
  ])("refuses to replace %s", (_title, text, pointer, value) => {
    expect(editFile(text, edit({ [pointer]: value }))).toMatchObject(REFUSED);
  });

  it("refuses a parameter that is still open", () => {
    expect(editFile("a: 1\n", edit({ "/a": undefined }))).toMatchObject(REFUSED);
  });

  it("says beforehand whether the places can be changed", () => {
    const parsed = parseFile(MANIFEST, "yaml");
    if (!parsed.ok) throw new Error(parsed.error.code);
    expect(editable(parsed.value, edit({ "/spec/replicas": undefined }))).toMatchObject({ ok: true });
    expect(editable(parsed.value, edit({ "/spec/template": undefined }))).toMatchObject(REFUSED);
  });
});

describe("a JSON file", () => {
  const JSON_FILE = '{\n\t"a": [1,\t2.50, true],\n\t"b/c": {"~": "x"}, "n": null\n}\n';

  it("changes in the named places and nowhere else", () => {
    expect(edited(JSON_FILE, { "/a/0": 7, "/a/2": false, "/b~1c/~0": 'y"\\' }, "json")).toBe(
      '{\n\t"a": [7,\t2.50, false],\n\t"b/c": {"~": "y\\"\\\\"}, "n": null\n}\n',
    );
  });

  it.each([
    ["a null", JSON_FILE, "/n", "x"],
    ["a file that is only YAML", "a: 1\n", "/a", 2],
    ["a file with a key twice", '{"a": 1, "a": 2}', "/a", 3],
    ["a file with a comment", '{"a": 1} # c', "/a", 3],
  ])("refuses to replace %s", (_title, text, pointer, value) => {
    expect(editFile(text, edit({ [pointer]: value }, "json"))).toMatchObject(REFUSED);
  });
});

describe("a value", () => {
  it.each([
    ["/a/0", 1],
    ["/a/-", undefined],
    ["/b~1c", "x"],
    ["/toString", undefined],
    ["/a/length", undefined],
    ["/d/e/f", undefined],
    ["/n", undefined],
  ])("at %s is read, or is none", (pointer, value) => {
    expect(valueAt({ a: [1], "b/c": "x", d: { e: 1 }, n: Number.NaN }, pointer)).toEqual(value);
  });
});

function bomb(): string {
  const lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"];
  for (let level = 1; level <= 8; level += 1) {
    lines.push(
      `a${level}: &a${level} [${Array(10)
        .fill(`*a${level - 1}`)
        .join(", ")}]`,
    );
  }
  return `${lines.join("\n")}\nz: 1\n`;
}
