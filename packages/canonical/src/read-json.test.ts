import { describe, expect, it } from "@jest/globals";
import { canonicalize } from "./canonicalize.js";
import { MAX_DEPTH } from "./json.js";
import { readJson } from "./read-json.js";

const limits = { maxBytes: 1_000_000, maxDepth: 8 };

function codeOf(input: Uint8Array | string, bounds = limits): string {
  const result = readJson(input, bounds);
  return result.ok ? "ok" : result.error.code;
}

function offsetOf(input: Uint8Array | string): unknown {
  const result = readJson(input, limits);
  return result.ok ? undefined : result.error.facts?.offset;
}

describe("syntax", () => {
  it.each([
    ...[
      "",
      " ",
      "[1,]",
      "[,1]",
      "[1 2]",
      "[",
      "]",
      "{",
      '{"a"}',
      '{"a":}',
      '{"a":1,}',
      "{,}",
      "{a:1}",
      "{'a':1}",
      '{"a":1]',
    ],
    ...[
      "01",
      "-",
      "+1",
      "1.",
      ".5",
      "1e",
      "1e+",
      "0x10",
      "1_0",
      "--1",
      "Infinity",
      "NaN",
      "1 2",
      "tru",
      "nullx",
      "TRUE",
    ],
    ...[
      '"',
      '"a',
      '"\\',
      '"\\x41"',
      '"\\u12"',
      '"\\u12G4"',
      '"\\u+123"',
      '"a\nb"',
      '"\u0000"',
      '"\t"',
      "// c\n1",
      "\u00a01",
      "1\u2028",
    ],
  ])("refuses %j", (text) => {
    expect(codeOf(text)).toBe("json_syntax");
    expect(codeOf(new TextEncoder().encode(text))).toBe("json_syntax");
  });

  it.each([
    "null",
    " [ ] ",
    "{}",
    "\t\r\n1\n",
    '"\\"\\\\\\/\\b\\f\\n\\r\\t\\u0041"',
    '"\u007f\u2028é😀"',
    "-1.5e-3",
    "1E+2",
    '{"":{"a":[{}]}}',
  ])("reads %j as JSON.parse does", (text) => {
    expect(readJson(text, limits)).toEqual({ ok: true, value: JSON.parse(text) });
  });

  it("counts the offset in bytes of UTF-8", () => {
    expect(offsetOf('["é😀" x]')).toBe(10);
  });

  it("never quotes the text", () => {
    for (const text of ["[secret]", '{"secret":1,"secret":2}x', '"secret\\q"', '["secret" "secret"]']) {
      const result = readJson(text, limits);
      expect(result.ok ? "" : result.error.detail).not.toContain("secret");
    }
  });
});

describe("keys", () => {
  it.each([
    '{"a":1,"a":1}',
    '{"a":1,"\\u0061":2}',
    '{"\\u0061":1,"b":2,"a":3}',
    '{"__proto__":1,"__proto__":2}',
    '{"":1,"":2}',
  ])("refuses a key given twice: %j", (text) => {
    expect(codeOf(text)).toBe("json_duplicate_key");
  });

  it("points to the second of two equal keys", () => {
    const result = readJson('{"x":[0,{"a/b~":1,"c":{},"a/b~":2}]}', limits);
    expect(result).toMatchObject({ ok: false, error: { pointer: "/x/1/a~1b~0", facts: { offset: 25 } } });
  });

  it("cuts the pointer before a key that is long or not plainly printable", () => {
    for (const key of ["two words", "é", "\\n", "k".repeat(65)]) {
      expect(readJson(`{"x":{"${key}":1,"${key}":2}}`, limits)).toMatchObject({ ok: false, error: { pointer: "/x" } });
    }
  });

  it.each([
    ["9007199254740993", ""],
    ['{"a":1,"b":[0,{"c":9007199254740993}]}', "/b/1/c"],
    ["[[],[1,2,1e400]]", "/1/2"],
    ['{"a":{"b":"x","c":"\\ud800"}}', "/a/c"],
    ['{"a":{"b":"x","\\ud800":1}}', "/a"],
    ['{"a":{"b":"x","c":"y\ud800"}}', "/a/c"],
    ['{"a":{"b":"x","c\ud800":1}}', "/a"],
    ['{"a":{"b":"x",\ud800}}', "/a"],
    ['[0,{"a":[1,[[[[[[[]]]]]]]}]', "/1/a/1/0/0/0/0/0"],
    ['{"a":[{"__proto__":1e999}]}', "/a/0/__proto__"],
    ['{"a":[{"k k":{"b":1e999}}]}', "/a/0"],
    [`{"a":{"${"k".repeat(65)}":[9007199254740993]}}`, "/a"],
    ['{"a/b~":[-1e999]}', "/a~1b~0/0"],
  ])("tells where the value stands that %s is refused for", (text, pointer) => {
    expect(readJson(text, limits)).toMatchObject({ ok: false, error: { pointer } });
  });

  it("tells no place for a lone surrogate behind something else that is refused, nor for syntax", () => {
    for (const text of ['{"a":1,"a":"\ud800"}', '{"a":[1,}', '["a\u0001"]']) {
      const result = readJson(text, limits);
      expect(result.ok ? "read" : result.error.pointer).toBeUndefined();
    }
  });

  it("keeps equal keys of different objects apart", () => {
    expect(codeOf('[{"a":1},{"a":{"a":1}}]')).toBe("ok");
  });

  it("treats __proto__ as a key like any other", () => {
    const result = readJson('{"__proto__":{"admin":true},"constructor":1}', limits);
    if (!result.ok || typeof result.value !== "object" || result.value === null) throw new Error("not read");
    expect(Object.keys(result.value)).toEqual(["__proto__", "constructor"]);
    expect(Object.getPrototypeOf(result.value)).toBeNull();
    expect("admin" in result.value).toBe(false);
    expect("toString" in result.value).toBe(false);
    expect(canonicalize(result.value)).toBe('{"__proto__":{"admin":true},"constructor":1}');
    expect("admin" in {}).toBe(false);
  });
});

describe("numbers", () => {
  it.each([
    "9007199254740992",
    "-9007199254740992",
    "9007199254740993.0",
    "1e20",
    "1E300",
    "9007199254740991.5",
    "90071992547409930e-1",
  ])("refuses the unsafe %s", (text) => {
    expect(codeOf(text)).toBe("json_unsafe_integer");
  });

  it.each(["1e999", "-1e999", `1${"0".repeat(400)}`])("refuses the infinite %s", (text) => {
    expect(codeOf(`[${text}]`)).toBe("json_non_finite");
  });

  it.each(["9007199254740991", "-9007199254740991", "9.007199254740991e15", "0.1", "5e-324", "1.0"])(
    "reads %s",
    (text) => {
      expect(readJson(text, limits)).toEqual({ ok: true, value: Number(text) });
    },
  );

  it.each(["-0", "-0.0", "-0e5", "-1e-999"])("reads %s as plain zero", (text) => {
    const result = readJson(text, limits);
    expect(result.ok && Object.is(result.value, 0)).toBe(true);
  });
});

describe("Unicode", () => {
  it.each([
    '"\\ud800"',
    '"\\udc00"',
    '"\\udc00\\ud800"',
    '"\\ud800x"',
    '{"\\udfff":1}',
    '"\ud800"',
    '{"\udc00":1}',
    '"\ud83d\\ude00"',
  ])("refuses the lone surrogate in %j", (text) => {
    expect(codeOf(text)).toBe("json_lone_surrogate");
  });

  it("reads surrogate pairs, escaped or raw", () => {
    expect(readJson('["\\ud83d\\ude00","😀"]', limits)).toEqual({ ok: true, value: ["😀", "😀"] });
  });

  it.each([
    ["a stray continuation byte", [0x22, 0x80, 0x22], 1],
    ["an overlong slash", [0x22, 0xc0, 0xaf, 0x22], 1],
    ["an encoded surrogate", [0x22, 0x61, 0xed, 0xa0, 0x80, 0x22], 2],
    ["a code point beyond U+10FFFF", [0x22, 0xf4, 0x90, 0x80, 0x80, 0x22], 1],
    ["a cut sequence after a genuine U+FFFD", [0x22, 0xef, 0xbf, 0xbd, 0xe2, 0x82], 4],
    ["UTF-16", [0xff, 0xfe, 0x31, 0x00], 0],
    ["a byte order mark", [0xef, 0xbb, 0xbf, 0x31], 0],
  ])("refuses %s", (_name, bytes, offset) => {
    expect(codeOf(Uint8Array.from(bytes))).toBe("json_invalid_utf8");
    expect(offsetOf(Uint8Array.from(bytes))).toBe(offset);
  });

  it("refuses a byte order mark in a string", () => {
    expect(codeOf("\ufeff1")).toBe("json_invalid_utf8");
  });
});

describe("limits", () => {
  it("counts bytes, not characters", () => {
    expect(codeOf('"éé"', { maxBytes: 6, maxDepth: 1 })).toBe("ok");
    expect(codeOf('"éé"', { maxBytes: 5, maxDepth: 1 })).toBe("json_too_large");
    expect(codeOf(new TextEncoder().encode('"éé"'), { maxBytes: 5, maxDepth: 1 })).toBe("json_too_large");
  });

  it("counts open arrays and objects", () => {
    expect(codeOf("1", { maxBytes: 99, maxDepth: 0 })).toBe("ok");
    expect(codeOf("[]", { maxBytes: 99, maxDepth: 0 })).toBe("json_too_deep");
    expect(codeOf('[{"a":[]},[[]]]', { maxBytes: 99, maxDepth: 3 })).toBe("ok");
    expect(codeOf('[{"a":[{}]}]', { maxBytes: 99, maxDepth: 3 })).toBe("json_too_deep");
  });

  it("refuses bottomless nesting without using the stack", () => {
    const bounds = { maxBytes: 10_000_000, maxDepth: Number.POSITIVE_INFINITY };
    expect(codeOf("[".repeat(200_000), bounds)).toBe("json_too_deep");
    expect(codeOf('{"a":'.repeat(200_000), bounds)).toBe("json_too_deep");
  });

  it("never reads deeper than canonicalize writes", () => {
    const text = "[".repeat(MAX_DEPTH) + "]".repeat(MAX_DEPTH);
    const result = readJson(text, { maxBytes: 10_000, maxDepth: 100_000 });
    expect(result.ok && canonicalize(result.value)).toBe(text);
    expect(codeOf(`[${text}]`, { maxBytes: 10_000, maxDepth: 100_000 })).toBe("json_too_deep");
  });
});
