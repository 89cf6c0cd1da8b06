import { createHash } from "node:crypto";
import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import { digest, digestBytes } from "./digest.js";
import { equalBytes } from "./equal-bytes.js";

describe("digest", () => {
  it("hashes the prefix, a zero byte and the canonical text", () => {
    const expected = createHash("sha256").update('seb-contract-v1\0{"a":"é","b":[1,0.5]}', "utf8").digest("hex");
    expect(digest("seb-contract-v1", { b: [1, 0.5], a: "é" })).toBe(`sha256:${expected}`);
  });

  it("keeps types apart", () => {
    expect(digest("seb-contract-v1", {})).not.toBe(digest("seb-operation-v1", {}));
  });

  it.each(["", "Seb", "a b", "a\0", "é", "a".repeat(65)])("does not take %j for a prefix", (prefix) => {
    expect(() => digest(prefix, {})).toThrow(TypeError);
  });
});

describe("digestBytes", () => {
  it("hashes bytes as they are (FIPS 180-4 examples)", () => {
    expect(digestBytes(new Uint8Array())).toBe(
      "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    );
    expect(digestBytes("abc")).toBe("sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  });

  it("hashes a view, not the memory around it", () => {
    expect(digestBytes(new TextEncoder().encode("xabcx").subarray(1, 4))).toBe(digestBytes("abc"));
  });
});

describe("equalBytes", () => {
  it("agrees with ===", () => {
    const text = fc.string({ maxLength: 3, unit: fc.constantFrom("a", "b", "é", "\ud800", "\udc00", "\ufffd") });
    fc.assert(
      fc.property(text, text, (a, b) => {
        expect(equalBytes(a, b)).toBe(a === b);
        expect(equalBytes(a, `${a}`)).toBe(true);
      }),
    );
  });
});
