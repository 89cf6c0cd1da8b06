import { describe, expect, it } from "@jest/globals";
import { CompactSign, exportJWK, generateKeyPair } from "jose";
import { createReplayWindow, type ProofExpectation, verifyProof } from "./index.js";

/** The example proof of RFC 9449, section 4.1, figure 2. */
const RFC_PROOF =
  "eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7Imt0eSI6IkVDIiwieCI6Imw4dEZyaHgtMzR0VjNoUklDUkRZOXpDa0RscEJoRjQyVVFVZldWQVdCRnMiLCJ5IjoiOVZFNGpmX09rX282NHpiVFRsY3VOSmFqSG10NnY5VERWclUwQ2R2R1JEQSIsImNydiI6IlAtMjU2In19.eyJqdGkiOiItQndDM0VTYzZhY2MybFRjIiwiaHRtIjoiUE9TVCIsImh0dSI6Imh0dHBzOi8vc2VydmVyLmV4YW1wbGUuY29tL3Rva2VuIiwiaWF0IjoxNTYyMjYyNjE2fQ.2-GxA6T8lP4vfrg8v-FdWP0A0zdrj8igiMLvqRMUvwnQg4PtFLbdLXiOSsX0x7NVY-FNyJK70nfbV37xRZT3Lg";
/** Section 7.1, figure 13: a request that presents an access token. */
const RFC_RESOURCE_PROOF =
  "eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7Imt0eSI6IkVDIiwieCI6Imw4dEZyaHgtMzR0VjNoUklDUkRZOXpDa0RscEJoRjQyVVFVZldWQVdCRnMiLCJ5IjoiOVZFNGpmX09rX282NHpiVFRsY3VOSmFqSG10NnY5VERWclUwQ2R2R1JEQSIsImNydiI6IlAtMjU2In19.eyJqdGkiOiJlMWozVl9iS2ljOC1MQUVCIiwiaHRtIjoiR0VUIiwiaHR1IjoiaHR0cHM6Ly9yZXNvdXJjZS5leGFtcGxlLm9yZy9wcm90ZWN0ZWRyZXNvdXJjZSIsImlhdCI6MTU2MjI2MjYxOCwiYXRoIjoiZlVIeU8ycjJaM0RaNTNFc05yV0JiMHhXWG9hTnk1OUlpS0NBcWtzbVFFbyJ9.2oW9RP35yRqzhrtNP86L-Ey71EOptxRimPPToA1plemAgR6pxHF8y6-yqyVnmcw6Fy1dqd-jfxSYoMxhAJpLjA";
/** RFC 9449, section 6.1: the thumbprint of that key. */
const RFC_JKT = "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I";

const expectation: ProofExpectation = {
  method: "POST",
  urls: ["https://server.example.com/token"],
  nowSeconds: 1562262616,
  maxAgeSeconds: 60,
};
async function codeOf(proof: string, expected: ProofExpectation): Promise<string> {
  const result = await verifyProof(proof, expected);
  return result.ok ? "ok" : result.error.code;
}

describe("verifyProof", () => {
  it("accepts the example of RFC 9449 and names its key", async () => {
    const result = await verifyProof(RFC_PROOF, expectation);
    expect(result).toEqual({ ok: true, value: { jkt: RFC_JKT, jti: "-BwC3ESc6acc2lTc", iat: 1562262616 } });
  });

  it("accepts the example of RFC 9449 that is bound to an access token", async () => {
    const bound: ProofExpectation = {
      method: "GET",
      urls: ["https://resource.example.org/protectedresource"],
      nowSeconds: 1562262618,
      maxAgeSeconds: 60,
    };
    const accessToken = "Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU";
    expect(await codeOf(RFC_RESOURCE_PROOF, { ...bound, accessToken })).toBe("ok");
    expect(await codeOf(RFC_RESOURCE_PROOF, { ...bound, accessToken: `${accessToken}=` })).toBe("proof_token_mismatch");
    expect(await codeOf(RFC_RESOURCE_PROOF, bound)).toBe("proof_token_mismatch");
  });

  it.each([
    ["proof_method_mismatch", { method: "GET" }],
    ["proof_url_mismatch", { urls: [] }],
    ["proof_url_mismatch", { urls: ["https://server.example.com/token/"] }],
    ["proof_expired", { nowSeconds: 1562262616 + 60.5 }],
    ["proof_expired", { nowSeconds: 1562262616 - 2.5 }],
    ["proof_expired", { nowSeconds: Number.NaN }],
    ["proof_claims_invalid", { op: `sha256:${"0".repeat(64)}` }],
    ["proof_claims_invalid", { accessToken: "aaaa.bbbb.cccc" }],
    ["ok", { nowSeconds: 1562262616 + 60 }],
    ["ok", { urls: ["https://other.example/token", "https://server.example.com/token"] }],
  ])("answers %s for %j", async (code, changes) => {
    expect(await codeOf(RFC_PROOF, { ...expectation, ...changes })).toBe(code);
  });

  it("refuses every single changed character", async () => {
    const accepted: number[] = [];
    for (let at = 0; at < RFC_PROOF.length; at += 1) {
      const changed = RFC_PROOF.slice(0, at) + (RFC_PROOF[at] === "A" ? "B" : "A") + RFC_PROOF.slice(at + 1);
      if ((await codeOf(changed, expectation)) === "ok") accepted.push(at);
    }
    expect(accepted).toEqual([]);
  });

  it("refuses a certificate presented as a proof, and a proof whose key is of another curve", async () => {
    const { privateKey, publicKey } = await generateKeyPair("ES384", { extractable: true });
    const jwk = await exportJWK(publicKey);
    const sign = (header: { alg: string; typ: string; jwk?: object; kid?: string }) =>
      new CompactSign(new TextEncoder().encode("{}")).setProtectedHeader(header).sign(privateKey);
    expect(await codeOf(await sign({ alg: "ES384", typ: "dpop+jwt", jwk }), expectation)).toBe("proof_malformed");
    expect(await codeOf(await sign({ alg: "ES384", typ: "seb-cert+jwt", kid: "x" }), expectation)).toBe(
      "proof_malformed",
    );
  });
});

describe("createReplayWindow", () => {
  const admit =
    (window = createReplayWindow({ maxEntries: 3 })) =>
    (jti: string, iat: number, now: number, jkt = "k") =>
      window.admit(jkt, jti, iat, now, 60);

  it("admits each proof of a key once", () => {
    const present = admit();
    expect([present("a", 100, 100), present("a", 100, 101), present("a", 100, 101, "other")]).toEqual([
      true,
      false,
      true,
    ]);
  });

  it("refuses a replay for as long as the proof could be accepted, to the last moment", () => {
    const present = admit();
    expect([present("a", 100, 98), present("a", 100, 160), present("a", 100, 161)]).toEqual([true, false, false]);
  });

  it("refuses rather than forgets when it is full, and recovers when entries have died", () => {
    const present = admit();
    expect(["a", "b", "c", "d"].map((jti) => present(jti, 100, 100))).toEqual([true, true, true, false]);
    expect(present("a", 100, 100)).toBe(false);
    expect(present("d", 161, 161)).toBe(true);
  });

  it("a clock that leaps an hour ahead and back opens no way to replay, and is no lasting harm", () => {
    const present = admit();
    expect(present("a", 100, 100)).toBe(true);
    expect(present("b", 3700, 3700)).toBe(true);
    expect(present("a", 100, 101)).toBe(false);
    expect(present("c", 101, 101)).toBe(true);
    expect(present("b", 3700, 3701)).toBe(false);
  });

  it("refuses what is no time", () => {
    const present = admit();
    expect([present("a", Number.NaN, 100), present("a", 100, Number.NaN)]).toEqual([false, false]);
  });
});
