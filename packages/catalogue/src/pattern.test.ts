import { describe, expect, it } from "@jest/globals";
import { patternProblem, shortestMatch } from "./pattern.js";

describe("patternProblem", () => {
  it.each([
    "^sha256:[0-9a-f]{64}$",
    "^[a-z]+(?:-[a-z]+)?$",
    "^v[0-9]{1,3}\\.[0-9]{1,3}\\.[0-9]{1,3}$",
    "^(?:stable|beta|rc-[0-9]{1,2})$",
    "^[a-z][a-z0-9-]{0,61}[a-z0-9]$",
    "^(?:ab){3}$",
    "^\\d{1,4}$",
    "^[A-Za-z0-9_./:@-]{1,200}$",
    "^$",
  ])("takes %s", (pattern) => {
    expect(patternProblem(pattern)).toBeUndefined();
  });

  it.each([
    ["no anchors", "[a-z]+"],
    ["no anchor at the start", "[a-z]+$"],
    ["no anchor at the end", "^[a-z]+"],
    ["an escaped end", "^[a-z]+\\$"],
    ["an alternative beside the anchors", "^a|b$"],
    ["an anchor inside", "^a$b$"],
    ["nested quantifiers", "^(?:a+)+$"],
    ["nested quantifiers, bounded", "^(?:a{1,30}){1,30}$"],
    ["nested quantifiers by star", "^(?:a*)*$"],
    ["repeated alternatives", "^(?:a|a)*$"],
    ["repeated alternatives, counted", "^(?:a|a){30}$"],
    ["a repeated optional", "^(?:a?){30}$"],
    ["many quantifiers in a row", "^a*a*a*a*a*b$"],
    ["many optionals in a row", `^${"a?".repeat(30)}${"a".repeat(30)}$`],
    ["optionals before a long run", `^${"a?".repeat(18)}[a]{480}b$`],
    ["optionals before a long run, in a group", `^(?:${"a?".repeat(17)})[a-z]{400}[0-9]$`],
    ["a huge count", "^[a-z]{1,900}$"],
    ["a count backwards", "^[a-z]{9,3}$"],
    ["any character", "^.*$"],
    ["a negated class", "^[^a]{1,9}$"],
    ["everything but digits", "^\\D$"],
    ["white space", "^\\s$"],
    ["a back reference", "^(a)\\1$"],
    ["a capturing group", "^(a)$"],
    ["a named group", "^(?<x>a)$"],
    ["looking ahead", "^(?=a)a$"],
    ["looking behind", "^(?<=a)a$"],
    ["a lazy quantifier", "^a+?$"],
    ["a quantifier without anything", "^+$"],
    ["an unclosed class", "^[a-z$"],
    ["an unclosed group", "^(?:a$"],
    ["a group too many", "^a)$"],
    ["a property class", "^\\p{L}$"],
    ["a code point", "^\\u{430}$"],
    ["a letter outside ASCII", "^é$"],
    ["a range backwards", "^[z-a]$"],
    ["an escape at the end", "^\\$"],
    ["too long", `^${"a".repeat(200)}$`],
    ["deep groups", `^${"(?:".repeat(20)}a${")".repeat(20)}$`],
  ])("refuses %s", (_, pattern) => {
    expect(patternProblem(pattern)).toEqual(expect.any(String));
  });

  it.each([
    ["^$", 0],
    ["^sha256:[0-9a-f]{64}$", 71],
    ["^[a-z]+(?:-[a-z]+)?$", 1],
    ["^(?:stable|beta|rc-[0-9]{1,2})$", 4],
    ["^(?:ab){3}[a-z]{2,}\\d?$", 8],
  ])("knows the shortest match of %s", (pattern, length) => {
    expect(shortestMatch(pattern)).toBe(length);
  });

  it("bounds the time of the slowest pattern it takes", () => {
    const slow = "^[a-z]*[a-z]*$";
    expect(patternProblem(slow)).toBeUndefined();
    const started = performance.now();
    expect(new RegExp(slow, "u").test(`${"a".repeat(511)}!`)).toBe(false);
    expect(performance.now() - started).toBeLessThan(250);
  });
});
