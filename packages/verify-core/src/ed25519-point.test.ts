import { createPublicKey, verify } from "node:crypto";
import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import { isSoundEd25519Point } from "./ed25519-point.js";
import { acceptableJwk, verifyProof } from "./index.js";

/**
 * The encodings of the eight points whose order divides 8, by their order, as published: C2SP CCTV ed25519; the list of libsodium's
 * `ge25519_has_small_order`; table 1 of Chalkias, Garillot, Nikolaenko, "Taming the many EdDSAs" (2020).
 */
const SMALL_ORDER: readonly (readonly [number, string])[] = [
  [1, "0100000000000000000000000000000000000000000000000000000000000000"],
  [2, "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"],
  [4, "0000000000000000000000000000000000000000000000000000000000000000"],
  [4, "0000000000000000000000000000000000000000000000000000000000000080"],
  [8, "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"],
  [8, "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85"],
  [8, "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a"],
  [8, "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa"],
];
/** Second spellings of some of them, from the same table: y not below the prime, or a sign where x is 0. */
const NOT_CANONICAL: readonly string[] = [
  "0100000000000000000000000000000000000000000000000000000000000080",
  "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
  "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
  "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
  "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
  "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
];
/** Public keys of RFC 8032, section 7.1, tests 1 to 3 and 1024. */
const HONEST: readonly string[] = [
  "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
  "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
  "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
  "278117fc144c72340f67d0f2316e8386ceffbf2b2428c9c51fef7c597f1d426e",
];
const bytes = (hex: string) => new Uint8Array(Buffer.from(hex, "hex"));

// A second reckoning of the curve, by the formulas of RFC 8032, sections 5.1.3 and 5.1.4, on its own constants: d = -121665/121666.
const P = 2n ** 255n - 19n;
const mod = (value: bigint) => ((value % P) + P) % P;
function power(base: bigint, exponent: bigint): bigint {
  if (exponent === 0n) return 1n;
  const half = power(mod(base * base), exponent / 2n);
  return exponent % 2n === 1n ? mod(half * base) : half;
}
const inverse = (value: bigint) => power(value, P - 2n);
const D = mod(-121665n * inverse(121666n));
type Point = readonly [x: bigint, y: bigint];

/** Any 32 bytes as a point, however spelled; undefined when no point of the curve has this y. */
function lenientPoint(encoded: Uint8Array): Point | undefined {
  const number = BigInt(`0x${Buffer.from(encoded).reverse().toString("hex")}`);
  const y = mod(number & (2n ** 255n - 1n));
  const square = mod((y * y - 1n) * inverse(mod(D * y * y + 1n)));
  let x = power(square, (P + 3n) / 8n);
  if (mod(x * x) !== square) x = mod(x * power(2n, (P - 1n) / 4n));
  if (mod(x * x) !== square) return undefined;
  return [x % 2n === number >> 255n ? x : mod(-x), y];
}
function sum([x1, y1]: Point, [x2, y2]: Point): Point {
  const both = mod(D * x1 * x2 * y1 * y2);
  return [mod((x1 * y2 + x2 * y1) * inverse(mod(1n + both))), mod((y1 * y2 + x1 * x2) * inverse(mod(1n - both)))];
}
function orderUpTo8(point: Point): number | undefined {
  let multiple: Point = point;
  for (let order = 1; order <= 8; order += 1) {
    if (multiple[0] === 0n && multiple[1] === 1n) return order;
    multiple = sum(multiple, point);
  }
  return undefined;
}

describe("isSoundEd25519Point", () => {
  it.each(SMALL_ORDER)("refuses the point of order %i %s", (order, hex) => {
    const point = lenientPoint(bytes(hex));
    if (point === undefined) throw new Error("the list holds what is not on the curve");
    expect(orderUpTo8(point)).toBe(order);
    expect(isSoundEd25519Point(bytes(hex))).toBe(false);
  });

  it.each(NOT_CANONICAL)("refuses the second spelling %s", (hex) => {
    expect(isSoundEd25519Point(bytes(hex))).toBe(false);
  });

  it("refuses each y that is not below the prime", () => {
    for (let y = P; y < 2n ** 255n; y += 1n) {
      const encoded = new Uint8Array(Buffer.from(y.toString(16).padStart(64, "0"), "hex").reverse());
      expect(isSoundEd25519Point(encoded)).toBe(false);
      encoded[31] = (encoded[31] ?? 0) | 0x80;
      expect(isSoundEd25519Point(encoded)).toBe(false);
    }
  });

  it.each(HONEST)("accepts the public key %s of RFC 8032", (hex) => {
    expect(isSoundEd25519Point(bytes(hex))).toBe(true);
  });

  it("accepts an ordinary point one digit away from one of order 8", () => {
    const hex = Buffer.from("xxdqcD092E-6PAt2DRBnDyogU_osOczGTsf9d5KsA3o", "base64url").toString("hex");
    const point = lenientPoint(bytes(hex));
    expect(point && orderUpTo8(point)).toBeUndefined();
    expect(isSoundEd25519Point(bytes(hex))).toBe(true);
  });

  it("agrees with the second reckoning on any 32 bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), (encoded) => {
        const number = BigInt(`0x${Buffer.from(encoded).reverse().toString("hex")}`);
        const point = lenientPoint(encoded);
        const sound = point !== undefined && orderUpTo8(point) === undefined && (number & (2n ** 255n - 1n)) < P;
        expect(isSoundEd25519Point(encoded)).toBe(sound);
      }),
      { numRuns: 60 },
    );
  });

  it("refuses other lengths", () => {
    expect(isSoundEd25519Point(bytes(HONEST[0] ?? "").slice(1))).toBe(false);
    expect(isSoundEd25519Point(new Uint8Array([...bytes(HONEST[0] ?? ""), 0]))).toBe(false);
  });
});

describe("a key that needs no private part", () => {
  const x = Buffer.from(SMALL_ORDER[6]?.[1] ?? "", "hex").toString("base64url");
  const jwk = { kty: "OKP", crv: "Ed25519", x };
  const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");

  it("would let a made-up signature pass, which is why no proof with it counts", async () => {
    // R = the neutral element, S = 0: it verifies whenever the hash of R, key and message is a multiple of 8.
    const signature = new Uint8Array([1, ...Array(63).fill(0)]);
    const key = createPublicKey({ key: jwk, format: "jwk" });
    const forged = Array.from({ length: 64 }, (_, at) => {
      const claims = {
        jti: `forged-by-nobody-00000${at}`,
        htm: "GET",
        htu: "http://x/v1/executions",
        iat: 1_796_065_820,
      };
      return `${part({ alg: "EdDSA", typ: "dpop+jwt", jwk })}.${part(claims)}`;
    }).find((input) => verify(null, Buffer.from(input), key, signature));
    if (forged === undefined) throw new Error("no message fits the made-up signature");
    const result = await verifyProof(`${forged}.${Buffer.from(signature).toString("base64url")}`, {
      method: "GET",
      urls: ["http://x/v1/executions"],
      nowSeconds: 1_796_065_820,
      maxAgeSeconds: 60,
    });
    expect(result).toMatchObject({ ok: false, error: { code: "proof_key_weak" } });
    expect(acceptableJwk(jwk).ok).toBe(false);
  });
});
