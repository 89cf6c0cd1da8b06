import { createHash } from "node:crypto";
import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import { base32Id, isBase32Id } from "./base32-id.js";
import { base64urlDecode, base64urlEncode } from "./base64url.js";
import { jwkThumbprint } from "./jwk-thumbprint.js";

describe("base64url", () => {
  it("round-trips bytes, views included", () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        expect(base64urlDecode(base64urlEncode(bytes))).toEqual(bytes);
        const framed = Uint8Array.from([9, ...bytes, 9]);
        expect(base64urlEncode(framed.subarray(1, -1))).toBe(base64urlEncode(bytes));
      }),
    );
  });

  it("knows one spelling only", () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom("A", "B", "-", "_", "+", "/", "=", "\n", " ", "é"), maxLength: 8 }),
        (text) => {
          const bytes = base64urlDecode(text);
          if (bytes !== undefined) expect(base64urlEncode(bytes)).toBe(text);
        },
      ),
    );
  });

  it.each(["A", "AB", "AAB", "AA==", "AA\n", " AA", "A A", "+/8", "ÅÄ", "AA.", "AAAAA"])("refuses %j", (text) => {
    expect(base64urlDecode(text)).toBeUndefined();
  });

  it("reads the RFC 4648 alphabet for URLs", () => {
    expect(base64urlDecode("-_8")).toEqual(Uint8Array.from([0xfb, 0xff]));
    expect(base64urlDecode("")).toEqual(new Uint8Array());
  });
});

describe("base32Id", () => {
  it("is RFC 4648 base32 of the first 130 bits", () => {
    // "foobar" is "mzxw6ytboi" in RFC 4648 section 10.
    const random = new Uint8Array(17);
    random.set(new TextEncoder().encode("foobar"));
    expect(base32Id("c_", random)).toBe("c_mzxw6ytboiaaaaaaaaaaaaaaaa");
    expect(base32Id("r_", new Uint8Array(17).fill(255))).toBe(`r_${"7".repeat(26)}`);
  });

  it("loses none of the 130 bits and is recognised under its own prefix only", () => {
    const bytes = fc.uint8Array({ minLength: 17, maxLength: 20 });
    fc.assert(
      fc.property(bytes, fc.nat({ max: 129 }), (random, bit) => {
        const id = base32Id("o_", random);
        const flipped = Uint8Array.from(random, (byte, at) => (at === bit >> 3 ? byte ^ (0x80 >> (bit & 7)) : byte));
        expect(base32Id("o_", flipped)).not.toBe(id);
        expect([isBase32Id("o_", id), isBase32Id("c_", id), isBase32Id("o_", `${id}a`)]).toEqual([true, false, false]);
      }),
    );
  });

  it.each(["", "c_", `c_${"a".repeat(25)}`, `c_${"a".repeat(26)}\n`, `c_${"A".repeat(26)}`, `c_${"1".repeat(26)}`])(
    "does not recognise %j",
    (text) => {
      expect(isBase32Id("c_", text)).toBe(false);
    },
  );

  it("throws on too little randomness or a foreign prefix", () => {
    expect(() => base32Id("c_", new Uint8Array(16))).toThrow(RangeError);
    for (const prefix of ["", "c", "C_", "c_/"]) expect(() => base32Id(prefix, new Uint8Array(17))).toThrow(TypeError);
  });
});

describe("jwkThumbprint", () => {
  const okp = { kty: "OKP", crv: "Ed25519", x: "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo" };
  const ec = {
    kty: "EC",
    x: "l8tFrhx-34tV3hRICRDY9zCkDlpBhF42UQUfWVAWBFs",
    y: "9VE4jf_Ok_o64zbTTlcuNJajHmt6v9TDVrU0CdvGRDA",
    crv: "P-256",
  };

  it("gives the value of RFC 8037 appendix A.3", () => {
    expect(jwkThumbprint(okp)).toBe("kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
  });

  it("gives the value of RFC 9449 section 6.1 for its P-256 key", () => {
    expect(jwkThumbprint(ec)).toBe("0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I");
  });

  it("covers y of EC keys only, and no member that is not required", () => {
    expect(jwkThumbprint({ ...okp, y: "AA", ...{ use: "sig", kid: "x" } })).toBe(jwkThumbprint(okp));
    const text = `{"crv":"P-256","kty":"EC","x":"${ec.x}","y":"AA"}`;
    expect(jwkThumbprint({ ...ec, y: "AA" })).toBe(createHash("sha256").update(text).digest("base64url"));
  });

  it.each([
    { kty: "RSA", crv: "P-256", x: "AA", y: "AA" },
    { kty: "EC", crv: "P-256", x: "AA" },
    { kty: "OKP", crv: "Ed25519" },
    { kty: "OKP", crv: "Ed25519", x: 'A","y":"A' },
    {},
  ])("throws on %j", (jwk) => {
    expect(() => jwkThumbprint(jwk)).toThrow(TypeError);
  });
});
