import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import { checkWindow, type Times } from "./index.js";

const code = (times: Times, nowSeconds: number, maxLifetimeSeconds = 120) => {
  const result = checkWindow(times, { nowSeconds, skewSeconds: 2, maxLifetimeSeconds });
  return result.ok ? "ok" : result.error.code;
};
const times = { iat: 1000, nbf: 1000, exp: 1090 };

describe("checkWindow", () => {
  it.each([
    [997.999, "issued_in_future"],
    [998, "ok"],
    [1000, "ok"],
    [1089.999, "ok"],
    [1090, "expired"],
    [1092, "expired"],
    [Number.NaN, "issued_in_future"],
    [Number.POSITIVE_INFINITY, "expired"],
    [Number.NEGATIVE_INFINITY, "issued_in_future"],
  ])("at %p answers %p", (nowSeconds, expected) => {
    expect(code(times, nowSeconds)).toBe(expected);
  });

  it("counts the life from the earlier of iat and nbf", () => {
    expect(code({ iat: 1000, nbf: 1050, exp: 1120 }, 1060)).toBe("ok");
    expect(code({ iat: 1000, nbf: 1050, exp: 1121 }, 1060)).toBe("lifetime_too_long");
    expect(code({ iat: 1050, nbf: 1000, exp: 1121 }, 1060)).toBe("lifetime_too_long");
    expect(code(times, 1000, Number.NaN)).toBe("lifetime_too_long");
  });

  it("refuses times that are no numbers", () => {
    for (const name of ["iat", "nbf", "exp"] as const)
      expect(code({ ...times, [name]: Number.NaN }, 1000)).not.toBe("ok");
  });

  it("never accepts outside [nbf - 2 s, exp), nor a life beyond the cap", () => {
    const second = fc.integer({ min: 0, max: 400 });
    fc.assert(
      fc.property(second, second, second, fc.double({ min: 0, max: 400, noNaN: true }), (iat, nbf, exp, nowSeconds) => {
        const inside = nowSeconds >= Math.max(iat, nbf) - 2 && nowSeconds < exp;
        const accepted = code({ iat, nbf, exp }, nowSeconds) === "ok";
        expect(accepted).toBe(inside && exp > nbf && exp > iat && exp - Math.min(iat, nbf) <= 120);
      }),
      { numRuns: 2000 },
    );
  });
});
