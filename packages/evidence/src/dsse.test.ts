import { generateKeyPairSync, sign } from "node:crypto";
import { describe, expect, it } from "@jest/globals";
import type { RootDefinition } from "@seb/schema";
import { IN_TOTO_PAYLOAD_TYPE, openEnvelope, preAuthenticationEncoding } from "./dsse.js";

const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
const { x = "", y = "" } = publicKey.export({ format: "jwk" });
const root: RootDefinition = {
  ver: 1,
  name: "kms",
  keyid: "kms-1",
  jwk: { kty: "EC", crv: "P-256", x, y },
  predicate_types: ["https://in-toto.io/attestation/test-result/v0.1"],
  expires: 4_102_444_800,
};
const payload = Buffer.from("{}");

function envelope(over: Record<string, unknown> = {}, dsaEncoding: "der" | "ieee-p1363" = "der"): Buffer {
  const signed = preAuthenticationEncoding(IN_TOTO_PAYLOAD_TYPE, new Uint8Array(payload));
  const sig = sign("sha256", signed, { key: privateKey, dsaEncoding }).toString("base64");
  const made = {
    payloadType: IN_TOTO_PAYLOAD_TYPE,
    payload: payload.toString("base64"),
    signatures: [{ keyid: "kms-1", sig }],
  };
  return Buffer.from(JSON.stringify({ ...made, ...over }));
}
const opens = (text: Buffer, roots = [root]) => typeof openEnvelope(new Uint8Array(text), roots) === "object";

describe("a DSSE envelope", () => {
  it("encodes what is signed as DSSE v1 says", () => {
    // The example of the DSSE protocol document.
    const encoded = preAuthenticationEncoding("http://example.com/HelloWorld", new TextEncoder().encode("hello world"));
    expect(Buffer.from(encoded).toString()).toBe("DSSEv1 29 http://example.com/HelloWorld 11 hello world");
  });

  it("opens with a P-256 root, whose signatures are DER", () => {
    expect(opens(envelope())).toBe(true);
    expect(opens(envelope({}, "ieee-p1363"))).toBe(false);
  });

  it("stays shut for another payload, type, key id, respelled base64, further members and no signature", () => {
    expect(opens(envelope({ payload: Buffer.from("{ }").toString("base64") }))).toBe(false);
    expect(opens(envelope({ payloadType: "text/plain" }))).toBe(false);
    expect(opens(envelope(), [{ ...root, keyid: "kms-2" }])).toBe(false);
    expect(opens(envelope({ payload: "e31=" }))).toBe(false);
    expect(opens(envelope({ more: 1 }))).toBe(false);
    expect(opens(envelope({ signatures: [] }))).toBe(false);
    expect(opens(Buffer.from("not json"))).toBe(false);
    expect(opens(envelope(), [])).toBe(false);
  });

  it("stays shut when the same key id is another root's key", () => {
    const other = generateKeyPairSync("ec", { namedCurve: "P-256" }).publicKey.export({ format: "jwk" });
    expect(opens(envelope(), [{ ...root, jwk: { kty: "EC", crv: "P-256", x: other.x ?? "", y: other.y ?? "" } }])).toBe(
      false,
    );
  });
});
