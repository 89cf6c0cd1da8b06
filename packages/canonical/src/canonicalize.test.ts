import { runInNewContext } from "node:vm";
import { describe, expect, it } from "@jest/globals";
import { canonicalize } from "./canonicalize.js";
import { isJson, type Json, MAX_DEPTH } from "./json.js";

function double(bits: string): number {
  const view = new DataView(new ArrayBuffer(8));
  view.setBigUint64(0, BigInt(`0x${bits}`));
  return view.getFloat64(0);
}

describe("RFC 8785", () => {
  it.each([
    ["0000000000000000", "0"],
    ["8000000000000000", "0"],
    ["0000000000000001", "5e-324"],
    ["8000000000000001", "-5e-324"],
    ["7fefffffffffffff", "1.7976931348623157e+308"],
    ["ffefffffffffffff", "-1.7976931348623157e+308"],
    ["4340000000000000", "9007199254740992"],
    ["c340000000000000", "-9007199254740992"],
    ["4430000000000000", "295147905179352830000"],
    ["44b52d02c7e14af5", "9.999999999999997e+22"],
    ["44b52d02c7e14af6", "1e+23"],
    ["44b52d02c7e14af7", "1.0000000000000001e+23"],
    ["444b1ae4d6e2ef4e", "999999999999999700000"],
    ["444b1ae4d6e2ef4f", "999999999999999900000"],
    ["444b1ae4d6e2ef50", "1e+21"],
    ["3eb0c6f7a0b5ed8c", "9.999999999999997e-7"],
    ["3eb0c6f7a0b5ed8d", "0.000001"],
    ["41b3de4355555553", "333333333.3333332"],
    ["41b3de4355555554", "333333333.33333325"],
    ["41b3de4355555555", "333333333.3333333"],
    ["41b3de4355555556", "333333333.3333334"],
    ["41b3de4355555557", "333333333.33333343"],
    ["becbf647612f3696", "-0.0000033333333333333333"],
    ["43143ff3c1cb0959", "1424953923781206.2"],
  ])("appendix B: the double %s is %s", (bits, text) => {
    expect(canonicalize(double(bits))).toBe(text);
  });

  it.each(["7fffffffffffffff", "7ff0000000000000", "fff0000000000000"])(
    "appendix B: the double %s is an error",
    (bits) => {
      expect(() => canonicalize(double(bits))).toThrow(TypeError);
    },
  );

  it("section 3.2.2: primitives", () => {
    const value: Json = {
      numbers: [Number("333333333.33333329"), 1e30, 4.5, 2e-3, 0.000000000000000000000000001],
      string: "\u20ac$\u000f\nA'\u0042\u0022\u005c\\\"/",
      literals: [null, true, false],
    };
    expect(canonicalize(value)).toBe(
      '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}',
    );
  });

  it("section 3.2.3: keys sorted by UTF-16 units", () => {
    const value: Json = { "€": 1, "\r": 2, "\ufb33": 3, "1": 4, "😀": 5, "\u0080": 6, ö: 7 };
    expect(canonicalize(value)).toBe('{"\\r":2,"1":4,"\u0080":6,"ö":7,"€":1,"😀":5,"\ufb33":3}');
  });
});

describe("plain data", () => {
  const cycle: unknown[] = [];
  cycle.push(cycle);
  class Money {
    readonly amount = 1;
  }
  const hole: unknown[] = [1];
  hole.length = 2;

  it.each<[string, unknown]>([
    ["undefined", undefined],
    ["an undefined member", { a: undefined }],
    ["an undefined item", [undefined]],
    ["a hole", hole],
    ["an array with a named member", Object.assign([1], { a: 1 })],
    ["a function", () => 1],
    ["a symbol", Symbol("a")],
    ["a symbol as key", { [Symbol("a")]: 1 }],
    ["a hidden member", Object.defineProperty({}, "a", { value: 1 })],
    ["a bigint", 1n],
    ["NaN", [Number.NaN]],
    ["a lone surrogate", "\ud800"],
    ["a lone surrogate as key", { "\udc00": 1 }],
    ["toJSON", { toJSON: () => 1 }],
    ["inherited toJSON", Object.create(Object.assign(Object.create(null), { toJSON: () => 1 }))],
    ["a date", new Date(0)],
    ["a map", new Map()],
    ["bytes", new Uint8Array(1)],
    ["a boxed string", Object("a")],
    ["an instance", new Money()],
    ["a cycle", cycle],
  ])("refuses %s", (_name, value) => {
    expect(isJson(value)).toBe(false);
    expect(() => canonicalize(value as Json)).toThrow(TypeError);
  });

  it("accepts objects of another realm, without prototype, and with a member named toJSON", () => {
    const foreign: unknown = runInNewContext('({ b: [1, "x"], a: null })');
    expect(isJson(foreign) && canonicalize(foreign)).toBe('{"a":null,"b":[1,"x"]}');
    expect(canonicalize(Object.assign(Object.create(null), { toJSON: "no function" }))).toBe(
      '{"toJSON":"no function"}',
    );
  });

  it("bounds the depth", () => {
    let value: Json = 1;
    for (let depth = 0; depth < MAX_DEPTH; depth += 1) value = [value];
    expect(isJson(value)).toBe(true);
    expect(isJson([value])).toBe(false);
  });
});
