import { describe, expect, it } from "@jest/globals";
import { DIGESTS, type DigestType } from "@seb/schema";
import fc from "fast-check";
import { digest, digestBytes, proposalDigest } from "./digest.js";
import { equalBytes } from "./equal-bytes.js";

/** Made by `printf '<prefix>\0{"a":"é","b":[1,0.5]}' | openssl dgst -sha256`, with the prefixes of docs/wire.md. */
const MADE_BY_OPENSSL: Readonly<Record<DigestType, string>> = {
  op: "fd6ee23ab41ba05e5fe3a21f3b93b4dab58a344deb4395647058decf0860e1e8",
  proposal: "4d7ec1d7fc01fb6c822443313f1e7f62e432ff94925099cbdc15434f4d450224",
  contract: "4ec50a32d01eba5054a6bd4b8f600c604e11686347f1905473b416d3ab2f013e",
  stable_contract: "ded3173f52edcbce3d38136ee8c156b17ecbefbc079d6bbbe9393a604dfa1003",
  operation: "1265171b4c1224480c611ecda07b119b90951d2414d1ec77d9636acbb390d3fb",
  bundle: "4b646700456913a196a25e7b36b3ecbe05fdf119282cb4a6fc8891767f75d23e",
  live: "78c4e4c5cdc8972c659e374d3fbd4e5bfd6aa0bd6271af2c0480e8b6cc9136b8",
  ceilings: "854c78f4dfdc8c732ef558d56c1c4beab378dfd7a15ed2b76f6d6c98d0ee8d3a",
  targets: "a43491d628b5bf780bdca0bdc2a19f20615cdac5968063d7e827fbef9a6c98be",
  trust: "c3a5f06c26491241dddbbf132817aba6f3eed432828e588025fc75b3023a0a02",
  cedar: "a7488f985280e7d24cd7ff9e87c2b2ab4aa156146f70c16cfc8c69e298a3fefc",
};

describe("digest", () => {
  it.each(Object.entries(MADE_BY_OPENSSL))(
    "of the type %s hashes its prefix, a zero byte and the canonical text",
    (type, hex) => {
      const named = Object.keys(DIGESTS).find((known): known is DigestType => known === type);
      if (named === undefined) throw new Error("not in the table");
      expect(digest(named, { b: [1, 0.5], a: "é" })).toBe(`sha256:${hex}`);
    },
  );

  it("has a prefix of its own for each type", () => {
    const prefixes = Object.values(DIGESTS).map(({ prefix }) => prefix);
    expect(new Set(prefixes).size).toBe(prefixes.length);
    for (const prefix of prefixes) expect(prefix).toMatch(/^seb-[a-z-]{1,50}-v[0-9]{1,3}$/);
  });

  it.each(["", "seb-contract-v1", "constructor", "__proto__", "toString"])("does not take %j for a type", (type) => {
    expect(() => Reflect.apply(digest, undefined, [type, {}])).toThrow(TypeError);
  });
});

describe("proposalDigest", () => {
  it("leaves the observation out", () => {
    const proposal = { action: "deploy", service: "a", region: "b", parameters: {}, bounds: {}, evidence: [] };
    const expected = digest("proposal", proposal);
    expect(proposalDigest({ ...proposal, observation: "one" })).toBe(expected);
    expect(proposalDigest({ ...proposal, observation: "two" })).toBe(expected);
    expect(proposalDigest({ ...proposal, action: "scale" })).not.toBe(expected);
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
