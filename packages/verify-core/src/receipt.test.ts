import { createPrivateKey, generateKeyPairSync, type KeyObject, sign as signBytes } from "node:crypto";
import { beforeAll, describe, expect, it } from "@jest/globals";
import { jwkThumbprint } from "@seb/canonical";
import { importPublicKey, type Trust, verifyReceipt } from "./index.js";
import { trustOf } from "./trust.js";

interface Signer {
  readonly kid: string;
  readonly key: KeyObject;
}
const AUDIENCE = "broker:test";
const AT_MS = 1_800_000_000_000;
const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");

let trust: Trust;
const signers = new Map<string, Signer>();
const keyOf = (name: string) => signers.get(name) ?? raise(name);
const raise = (name: string): never => {
  throw new Error(`no key ${name}`);
};

beforeAll(async () => {
  const rows = [
    ["broker-1", "record", AUDIENCE],
    ["broker-9", "record", "broker:elsewhere"],
    ["signer-1", "record", "env:test"],
    ["signer:test", "certificate", AUDIENCE],
  ] as const;
  const keys = [];
  for (const [name, role, aud] of rows) {
    const { privateKey, publicKey } = generateKeyPairSync("ed25519");
    const { kty, crv, x } = publicKey.export({ format: "jwk" });
    const jwk = { kty, crv, x } as { kty: "OKP"; crv: "Ed25519"; x: string };
    const imported = await importPublicKey(jwk);
    if (!imported.ok) throw new Error(imported.error.code);
    const kid = jwkThumbprint(jwk);
    signers.set(name, { kid, key: createPrivateKey(privateKey.export({ format: "pem", type: "pkcs8" })) });
    keys.push({
      ...imported.value,
      kid,
      role,
      name,
      aud,
      nbf: 1_700_000_000,
      exp: 1_900_000_000,
      alg: "Ed25519" as const,
    });
  }
  trust = trustOf(1, `sha256:${"0".repeat(64)}`, keys);
});

const body = {
  ver: 1,
  cert_id: `c_${"a".repeat(26)}`,
  subject: "agent:a",
  action: "deploy",
  resource: "service:checkout/region:us-east-1",
  policy: "p",
  state: "executed",
  code: null,
  detail: "",
  result: { commit: "abc" },
  by: "broker",
  fence: 3,
  take_seq: 9,
  recall_seq: null,
  identity: null,
};
const claims = {
  ver: 1,
  writer: "broker-1",
  boot: 1,
  seq: 7,
  prev: `sha256:${"1".repeat(64)}`,
  at_ms: AT_MS,
  kind: "outcome",
  body,
};

function sealed(by: string, payload: object = claims, typ = "seb-record+jws"): string {
  const { kid, key } = keyOf(by);
  const input = `${encode({ alg: "Ed25519", typ, kid })}.${encode(payload)}`;
  return `${input}.${signBytes(null, Buffer.from(input), key).toString("base64url")}`;
}
async function codeOf(line: string, audience = AUDIENCE): Promise<string> {
  const verified = await verifyReceipt(line, trust, { audience });
  return verified.ok ? "ok" : verified.error.code;
}

describe("a receipt", () => {
  it("says what the broker recorded, and when", async () => {
    const { ver: _ver, ...outcome } = body;
    expect(await verifyReceipt(sealed("broker-1"), trust, { audience: AUDIENCE })).toEqual({
      ok: true,
      value: { kid: keyOf("broker-1").kid, writer: "broker-1", at_ms: AT_MS, outcome },
    });
  });

  it("of commit f5082e2, without a ver, is one too; so is one with a member more", async () => {
    const { ver: _ver, ...old } = body;
    expect(await codeOf(sealed("broker-1", { ...claims, body: old }))).toBe("ok");
    expect(await codeOf(sealed("broker-1", { ...claims, body: { ...body, settled: true } }))).toBe("ok");
  });

  it("counts for its broker's audience alone", async () => {
    expect(await codeOf(sealed("broker-1"), "broker:elsewhere")).toBe("audience_wrong");
    expect(await codeOf(sealed("broker-9", { ...claims, writer: "broker-9" }))).toBe("audience_wrong");
  });

  it("is no record of another service, and nothing that another role signed", async () => {
    expect(await codeOf(sealed("signer-1", { ...claims, writer: "signer-1" }))).toBe("audience_wrong");
    expect(await codeOf(sealed("signer-1"))).toBe("issuer_wrong");
    expect(await codeOf(sealed("signer:test", { ...claims, writer: "signer:test" }))).toBe("token_key_unknown");
    expect(await codeOf(sealed("signer:test", claims, "seb-cert+jwt"))).toBe("token_typ_not_allowed");
  });

  it.each([
    ["a decision", { kind: "decision" }, "records_broken"],
    ["a refusal", { kind: "refusal", body: { code: "expired", request_id: "r" } }, "token_claims_invalid"],
    ["a kind of a later version", { kind: "settled" }, "token_claims_invalid"],
    ["unknown", { body: { ...body, state: "unknown" } }, "token_claims_invalid"],
    ["a state that no outcome has", { body: { ...body, state: "decided" } }, "records_broken"],
    ["an outcome of ver 2", { body: { ...body, ver: 2 } }, "records_broken"],
    ["an outcome without a fence", { body: { ...body, fence: undefined } }, "records_broken"],
    ["from when the key was not valid", { at_ms: 1_600_000_000_000 }, "token_key_expired"],
  ])("is not %s", async (_name, changes, code) => {
    expect(await codeOf(sealed("broker-1", { ...claims, ...changes }))).toBe(code);
  });

  it("with a changed byte proves nothing, wherever the byte is", async () => {
    const line = sealed("broker-1");
    for (let at = 0; at < line.length; at += 17) {
      const other = line.charAt(at) === "A" ? "B" : "A";
      expect(await codeOf(line.slice(0, at) + other + line.slice(at + 1))).not.toBe("ok");
    }
    const another = sealed("broker-1", { ...claims, body: { ...body, cert_id: `c_${"b".repeat(26)}` } });
    const mixed = [...another.split(".").slice(0, 2), line.split(".")[2]].join(".");
    expect(await codeOf(mixed)).toBe("token_signature_invalid");
  });
});
