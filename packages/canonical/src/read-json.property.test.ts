import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import { canonicalize } from "./canonicalize.js";
import { isJson, type Json } from "./json.js";
import { readJson } from "./read-json.js";

const limits = { maxBytes: 100_000, maxDepth: 32 };
const unicode = fc.string({ unit: "binary", maxLength: 12 });
const key = fc.oneof(unicode, fc.constantFrom("__proto__", "toString", "constructor", "0", "a", ""));
const number = fc.oneof(
  fc.integer(),
  fc.maxSafeInteger(),
  fc.double({ noNaN: true, min: -1e15, max: 1e15 }).map((value) => (value === 0 ? 0 : value)),
);

const { json } = fc.letrec<{ json: Json }>((tie) => ({
  json: fc.oneof(
    { maxDepth: 5 },
    fc.constant(null),
    fc.boolean(),
    number,
    unicode,
    fc.array(tie("json"), { maxLength: 5 }),
    fc.array(fc.tuple(key, tie("json")), { maxLength: 5 }).map((entries) => Object.fromEntries(entries)),
  ),
}));

/** Text close to JSON: tokens in any order, and valid documents with one piece replaced. */
const token = fc.constantFrom(
  ...[
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    '"a"',
    '"b":',
    '"\\u0061":',
    "null",
    "true",
    "false",
    " ",
    "\n",
    "\ud800",
    "\ufeff",
  ],
  ...["0", "-0", "-", "1.5", "1e5", "1e400", "9007199254740993", ".", "e", '"', "\\", '"\\ud83d"', '"\\ude00"', "é"],
);
const tokens = fc.array(token, { maxLength: 14 }).map((parts) => parts.join(""));
const damaged = fc
  .tuple(json, fc.nat(), fc.nat({ max: 3 }), fc.oneof(token, fc.constant("")))
  .map(([value, at, length, piece]) => {
    const text = JSON.stringify(value);
    const start = at % (text.length + 1);
    return text.slice(0, start) + piece + text.slice(start + length);
  });

/** What the platform makes of the text, with minus zero as zero; undefined when it refuses. */
function platform(text: string): unknown {
  try {
    return JSON.parse(text, (_key, value: unknown) => (value === 0 ? 0 : value));
  } catch {
    return undefined;
  }
}

describe("readJson", () => {
  it("reads every valid document as JSON.parse does, compact, indented and escaped", () => {
    fc.assert(
      fc.property(json, (value) => {
        const text = JSON.stringify(value);
        const escaped = text.replace(
          /[^\x20-\x7e]/g,
          (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
        );
        for (const spelling of [text, JSON.stringify(value, null, "\t"), escaped]) {
          const expected = { ok: true, value: platform(text) };
          expect(readJson(spelling, limits)).toEqual(expected);
          expect(readJson(new TextEncoder().encode(spelling), limits)).toEqual(expected);
        }
      }),
    );
  });

  it("agrees with JSON.parse on text close to JSON: same value when read, same verdict on syntax", () => {
    fc.assert(
      fc.property(fc.oneof(tokens, damaged), (text) => {
        const result = readJson(text, limits);
        const theirs = platform(text);
        if (result.ok) expect(result.value).toEqual(theirs);
        else if (result.error.code === "json_syntax") expect(theirs).toBeUndefined();
        if (theirs === undefined) expect(result.ok).toBe(false);
      }),
      { numRuns: 2000 },
    );
  });

  it("never throws, whatever the bytes, and returns only what canonicalize accepts", () => {
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 200 }), fc.string({ unit: "binary" })), (input) => {
        const result = readJson(input, limits);
        expect(result.ok ? isJson(result.value) : result.error.code.startsWith("json_")).toBe(true);
      }),
      { numRuns: 1000 },
    );
  });

  it("refuses a repeated key in any place and spelling", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(key, json), { minLength: 1, maxLength: 6 }), fc.nat(), (entries, pick) => {
        const members = entries.map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`);
        const name = entries[pick % entries.length]?.[0] ?? "";
        const units = Array.from({ length: name.length }, (_, at) => name.charCodeAt(at).toString(16).padStart(4, "0"));
        members.push(`"${units.map((unit) => `\\u${unit}`).join("")}":0`);
        const result = readJson(`[{${members.join(",")}}]`, limits);
        expect(result.ok ? "ok" : result.error.code).toBe("json_duplicate_key");
      }),
    );
  });
});

describe("canonicalize", () => {
  it("is idempotent and survives the way through text", () => {
    fc.assert(
      fc.property(json, (value) => {
        const text = canonicalize(value);
        const again = readJson(text, limits);
        expect(again.ok && canonicalize(again.value)).toBe(text);
      }),
    );
  });

  it("does not depend on the order of keys", () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.tuple(key, json), { selector: ([name]) => name }), (entries) => {
        expect(canonicalize(Object.fromEntries([...entries].reverse()))).toBe(
          canonicalize(Object.fromEntries(entries)),
        );
      }),
    );
  });
});
