import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import { MAX_FILE_BYTES, readYaml } from "./index.js";
import { readYamlText } from "./read-yaml.js";

const outcome = (text: string) => {
  const read = readYaml(text);
  return read.ok ? read.value : read.error.code;
};

describe("readYaml", () => {
  it("reads maps, lists, text, numbers, flags and comments", () => {
    const text = "a: 1 # one\nb: [x, 'y z', \"\\u00e9\"]\nc: {d: true, e: null, f: 0x1f}\ng: |\n  lines\n  more\n";
    expect(outcome(text)).toEqual({ a: 1, b: ["x", "y z", "é"], c: { d: true, e: null, f: 31 }, g: "lines\nmore\n" });
  });

  it("keeps what older YAML would turn into flags and dates as text", () => {
    expect(outcome("a: yes\nb: off\nc: 2020-01-01\nd: 12:30\ne: 1_000\n")).toEqual({
      a: "yes",
      b: "off",
      c: "2020-01-01",
      d: "12:30",
      e: "1_000",
    });
  });

  it("has one zero", () => {
    expect(Object.is(outcome("-0"), 0)).toBe(true);
  });

  it.each([
    ["an anchor", "a: &x 1\n"],
    ["an alias", "a: &x 1\nb: *x\n"],
    ["a merge key", "base: {b: 1}\na: {<<: {b: 2}}\n"],
    ["an alias bomb", "a: &a [x,x]\nb: &b [*a,*a]\nc: &c [*b,*b]\nd: [*c,*c]\n"],
    ["a standard tag", "a: !!str 1\n"],
    ["a tag on the document", "!!map {a: 1}\n"],
    ["a bare tag", "a: ! 1\n"],
    ["an own tag", "a: !env HOME\n"],
    ["a code tag", "a: !!js/function 'function () {}'\n"],
    ["a binary tag", "a: !!binary aGk=\n"],
    ["a version directive", "%YAML 1.1\n---\na: yes\n"],
    ["a tag directive", "%TAG ! tag:example,2000:\n---\na: 1\n"],
    ["two documents", "a: 1\n---\nb: 2\n"],
    ["a key twice", "a: 1\nb: 2\na: 3\n"],
    ["a key twice in a flow map", "{a: 1, 'a': 2}\n"],
    ["a key twice below", "a:\n  - {b: 1, c: 2, b: 3}\n"],
    ["a key that is a list", "? [a, b]\n: 1\n"],
    ["a prototype key", "__proto__: {polluted: true}\n"],
    ["infinity", "a: .inf\n"],
    ["not a number", "a: .nan\n"],
    ["a number beyond 2^53", "a: 9007199254740993\n"],
    ["a huge exponent", "a: 1e999\n"],
    ["half a surrogate pair", 'a: "\\ud800"\n'],
    ["a byte order mark", "\ufeffa: 1\n"],
    ["a tab for indentation", "a:\n\tb: 1\n"],
    ["an unclosed quote", 'a: "x\n'],
    ["an unclosed list", "a: [1, 2\n"],
    ["a reserved sign", "a: @x\n"],
    ["a megabyte", `a: ${"x".repeat(1_048_576)}\n`],
    ["60,000 brackets", "[".repeat(60_000)],
    ["brackets that look closed", 'a: ["]",'.repeat(8_000)],
    ["30,000 dashes", "- ".repeat(30_000)],
    ["30,000 question marks", "? ".repeat(30_000)],
    ["15,000 maps in each other", "{a: ".repeat(15_000)],
  ])("refuses %s", (_, text) => {
    expect(outcome(text)).toBe("catalogue_invalid");
  });

  it("names the line", () => {
    expect(readYaml("a: 1\nb: 2\na: 3\n")).toMatchObject({ error: { facts: { line: 3 } } });
    expect(readYaml("a: 1\nb:\n  - !x 2\n")).toMatchObject({ error: { facts: { line: 3 } } });
  });

  it("reports every mistake, one a line", () => {
    const text = "a: &x 1\nb: 2\nb: 3\nc:\n  - !t { d: 1, d: 2 }\ne: 1e999\n";
    expect(readYamlText(text).mistakes).toEqual([
      { field: "/a", line: 1, found: "an anchor", expected: "each value written out" },
      { field: "/b", line: 3, found: "the key `b` again", expected: "each key once" },
      { field: "/c/0", line: 5, found: "a tag", expected: "a value without a tag" },
      { field: "/e", line: 6, found: "a number out of range", expected: "a number within +-(2^53 - 1)" },
    ]);
  });

  it.each([
    ["a:\n\t- b\n", { line: 2, found: "a tab as indentation", expected: "blanks" }],
    ["a: 1\n---\nb: 1\n", { line: 2, found: "a second document", expected: "one document" }],
    ["a: b: c\n", { line: 1, found: "a mapping within a line" }],
    ["a: 1\nb\nc: 2\n", { line: 2, found: "a value that ends too early" }],
    ["a: 1\nb: @x\n", { line: 2, expected: "quotes around it" }],
    ['a: 1\nb: "\\q"\n', { line: 2, found: "an unknown escape" }],
    ["%YAML 1.2\n---\na: 1\n", { line: 1, found: "a directive" }],
  ])("says what was found in %j", (text, mistake) => {
    expect(readYamlText(text).mistakes[0]).toMatchObject(mistake);
  });

  it("still says what the document holds where only a key comes twice", () => {
    expect(readYamlText("a: 1\nb: [2]\na: 3\n").value).toEqual({ a: 3, b: [2] });
    expect(readYamlText("a: &x 1\nb: *x\n").value).toBeUndefined();
    expect(readYamlText("a: [1\n").value).toBeUndefined();
  });

  it("does not repeat a key that looks like a token, nor any other text", () => {
    const token = "ghp_0123456789abcdefghijklmnopqrstuvwxyz";
    expect(JSON.stringify(readYamlText(`${token}: 1\n${token}: 2\n`).mistakes)).not.toContain("0123456789");
    expect(JSON.stringify(readYamlText(`a: @${token}\nb: !${token} 1\n`).mistakes)).not.toContain("0123456789");
  });

  it.each([
    ["/a", 2],
    ["/a/b", 3],
    ["/a/b/1/c", 5],
    ["/a/b/1/missing", 5],
    ["/a/b/7", 3],
    ["/x~1y", 6],
    ["/missing", undefined],
    ["", undefined],
  ])("finds the line of %j", (pointer, line) => {
    expect(readYamlText("# note\na:\n  b:\n    - c: 1\n    - c: 2\nx/y: 3\n").lineOf(pointer)).toBe(line);
  });

  it("takes a file of just the largest size", () => {
    expect(outcome(`# ${"x".repeat(MAX_FILE_BYTES - 7)}\na: 1`)).toEqual({ a: 1 });
    expect(outcome(`# ${"x".repeat(MAX_FILE_BYTES - 6)}\na: 1`)).toBe("catalogue_invalid");
  });

  it("answers whatever the text is, and never throws", () => {
    const piece = fc.constantFrom(
      "a",
      ": ",
      "\n",
      "  ",
      "- ",
      "[",
      "]",
      "{",
      "}",
      "&x ",
      "*x",
      "!t ",
      "|",
      ">",
      "'",
      '"',
      "#",
      "?",
      "<<",
      "%",
      "---",
      "\t",
      ",",
      "0",
      "é",
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.array(piece, { maxLength: 40 }).map((parts) => parts.join("")),
          fc.string({ unit: "binary" }),
        ),
        (text) => {
          const read = readYaml(text);
          expect(read.ok || read.error.code === "catalogue_invalid").toBe(true);
        },
      ),
      { numRuns: 500 },
    );
  });
});
