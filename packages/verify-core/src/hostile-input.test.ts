import { readFileSync } from "node:fs";
import { describe, expect, it } from "@jest/globals";
import { base64urlEncode } from "@seb/canonical";
import { type Result, TYP_OF_ROLE } from "@seb/schema";
import fc from "fast-check";
import {
  certificateClaims,
  checkSignature,
  decodeUnverified,
  gate,
  importPublicKey,
  type Trust,
  verifyApproval,
  verifyObservation,
  verifyOrder,
  verifyProof,
  verifyRecord,
  verifyStatus,
  verifyTrust,
} from "./index.js";

function load<T>(name: string): T {
  return JSON.parse(readFileSync(new URL(`../../schema/vectors/${name}`, import.meta.url), "utf8"));
}
const { now, trust: root } = load<{
  now: number;
  trust: { pins: { owners: string[]; threshold: number }; file: string };
}>("keys.json");
const certificates = load<{ valid: { name: string; token: string }[] }>("certificates.json");
const tokenOf = (name: string) => certificates.valid.find((of) => of.name === name)?.token ?? "";
const honest = tokenOf("ed25519");
const pins = { ...root.pins, minVersion: 0 };

async function theTrust(): Promise<Trust> {
  const trust = await verifyTrust(root.file, pins, now);
  if (!trust.ok) throw new Error(trust.error.code);
  return trust.value;
}
const trust = await theTrust();

async function read(token: string): Promise<string> {
  const gated = gate(token, "seb-cert+jwt");
  if (!gated.ok) return gated.error.code;
  const signed = await checkSignature(gated.value, trust, now);
  if (!signed.ok) return signed.error.code;
  const claims = certificateClaims(signed.value);
  return claims.ok ? "ok" : claims.error.code;
}

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

describe("a certificate has one spelling", () => {
  it("is refused with any single character changed to a random other one", async () => {
    expect(await read(honest)).toBe("ok");
    const accepted: number[] = [];
    const [shift] = fc.sample(fc.integer({ min: 1, max: 63 }), 1);
    for (let at = 0; at < honest.length; at += 1) {
      const old = ALPHABET.indexOf(honest.charAt(at));
      const other =
        old < 0
          ? "A"
          : ALPHABET.charAt((old + (shift ?? 1) + at * 7) % 64 === old ? old ^ 1 : (old + (shift ?? 1) + at * 7) % 64);
      if ((await read(honest.slice(0, at) + other + honest.slice(at + 1))) === "ok") accepted.push(at);
    }
    expect(accepted).toEqual([]);
  });

  it("is refused with characters inserted, removed, swapped or repeated anywhere", async () => {
    const edit = fc.record({
      at: fc.nat(honest.length - 1),
      to: fc.nat(honest.length - 1),
      text: fc.oneof(
        fc.constantFrom("=", "\n", " ", ".", "%2e", "\u0000", "A"),
        fc.string({ unit: "binary", maxLength: 3 }),
      ),
      kind: fc.constantFrom("insert", "remove", "swap", "repeat"),
    });
    await fc.assert(
      fc.asyncProperty(fc.constantFrom("ed25519", "es256"), edit, async (name, { at, to, text, kind }) => {
        const token = tokenOf(name);
        const made = {
          insert: token.slice(0, at) + text + token.slice(at),
          remove: token.slice(0, at) + token.slice(at + 1),
          swap:
            token.slice(0, Math.min(at, to)) +
            token.slice(Math.max(at, to)) +
            token.slice(Math.min(at, to), Math.max(at, to)),
          repeat: token.slice(0, Math.max(at, to)) + token.slice(Math.min(at, to)),
        }[kind];
        fc.pre(made !== token);
        expect(await read(made)).not.toBe("ok");
      }),
      { numRuns: 300 },
    );
  });

  it("is refused in every other spelling of the same bytes", async () => {
    const [header = "", payload = "", signature = ""] = honest.split(".");
    const respelled = [
      `${honest}=`,
      `${honest}==`,
      `${honest}\n`,
      `${honest}\r\n`,
      ` ${honest}`,
      `\ufeff${honest}`,
      `"${honest}"`,
      `DPoP ${honest}`,
      honest.replace(".", "%2E"),
      `${header}=.${payload}.${signature}`,
      `${header}.${payload}\t.${signature}`,
      `${header}.${payload.slice(0, 8)}\n${payload.slice(8)}.${signature}`,
      ...["B", "C", "D", "P"].map((last) => {
        const at = ALPHABET.indexOf(signature.slice(-1));
        return `${header}.${payload}.${signature.slice(0, -1)}${ALPHABET.charAt((at & 48) | (ALPHABET.indexOf(last) & 15))}`;
      }),
      JSON.stringify({ payload, protected: header, signature }),
    ].filter((token) => token !== honest);
    for (const token of respelled) expect(await read(token)).toBe("token_malformed");
  });
});

describe("hostile input", () => {
  const readers: readonly ((text: string) => Promise<Result<unknown>> | Result<unknown>)[] = [
    ...Object.values(TYP_OF_ROLE).map((typ) => (text: string) => gate(text, typ)),
    (text) => decodeUnverified(text, "seb-cert+jwt"),
    (text) => verifyTrust(text, pins, now),
    (text) => verifyObservation(text, trust, { nowSeconds: now, maxAgeSeconds: 60 }),
    (text) => verifyStatus(text, trust, { audience: "env:vectors" }),
    (text) => verifyOrder(text, trust, { audience: "env:vectors", nowSeconds: now }),
    (text) => verifyRecord(text, trust),
    (text) => verifyApproval(text, new Map(), { audience: "env:vectors", nowSeconds: now }),
    (text) => verifyProof(text, { method: "GET", urls: [""], nowSeconds: now, maxAgeSeconds: 60 }),
  ];
  const segment = fc.oneof(
    fc.json({ maxDepth: 3 }).map((text) => base64urlEncode(Buffer.from(text))),
    fc
      .record(
        { alg: fc.jsonValue(), typ: fc.jsonValue(), kid: fc.jsonValue(), jwk: fc.jsonValue(), crit: fc.jsonValue() },
        { requiredKeys: [] },
      )
      .map((value) => base64urlEncode(Buffer.from(JSON.stringify(value)))),
    fc.uint8Array({ maxLength: 80 }).map(base64urlEncode),
  );

  it("is answered with a code by every reader, never with an exception", async () => {
    const text = fc.oneof(
      fc.string({ unit: "binary", maxLength: 200 }),
      fc.array(segment, { minLength: 1, maxLength: 5 }).map((parts) => parts.join(".")),
      fc.json(),
    );
    await fc.assert(
      fc.asyncProperty(text, async (input) => {
        for (const reader of readers) expect((await reader(input)).ok).toBe(false);
      }),
      { numRuns: 150 },
    );
  });

  it("with a well-formed header is answered with a code, whatever the payload and the signature are", async () => {
    const header = honest.slice(0, honest.indexOf("."));
    await fc.assert(
      fc.asyncProperty(segment, segment, async (payload, signature) => {
        expect(await read(`${header}.${payload}.${signature}`)).not.toBe("ok");
      }),
      { numRuns: 150 },
    );
  });

  it("of great size or depth is cut off early", async () => {
    const nested = base64urlEncode(Buffer.from(`${"[".repeat(2000)}${"]".repeat(2000)}`));
    const header = honest.slice(0, honest.indexOf("."));
    const kid = base64urlEncode(
      Buffer.from(JSON.stringify({ alg: "Ed25519", typ: "seb-cert+jwt", kid: "k".repeat(2e6) })),
    );
    expect(await read("A".repeat(8e6))).toBe("token_too_large");
    expect(await read(".".repeat(1e6))).toBe("token_too_large");
    expect(await read(`${kid}.e30.AAAA`)).toBe("token_too_large");
    expect(await read(`${header}.${nested}.AAAA`)).toBe("token_malformed");
    const deep = `${"[".repeat(200_000)}${"]".repeat(200_000)}`;
    const outcome = await verifyTrust(deep, pins, now);
    expect(outcome.ok ? "ok" : outcome.error.code).toBe("trust_invalid");
  });

  it("that is no text at all is refused too", async () => {
    for (const value of [undefined, null, 7, {}, [honest]]) {
      const text = value as unknown as string;
      for (const reader of readers) expect((await reader(text)).ok).toBe(false);
    }
  });

  it("is never quoted in a failure", async () => {
    const secret = "c2VjcmV0LXRva2VuLW1hcmtlcg";
    for (const reader of readers) {
      const result = await reader(`${secret}.${secret}.${secret}`);
      expect(JSON.stringify(result)).not.toContain(secret);
    }
  });
});

describe("what a cast could fake", () => {
  it("is found at run time: claims without a checked signature, signatures without the gate", async () => {
    const gated = gate(honest, "seb-cert+jwt");
    if (!gated.ok) throw new Error(gated.error.code);
    const lookAlike = { ...gated.value } as unknown as Parameters<typeof checkSignature>[0];
    await expect(checkSignature(lookAlike, trust, now)).rejects.toThrow(TypeError);
    const unsigned = { typ: "seb-cert+jwt", claims: gated.value.payload } as unknown;
    expect(() => certificateClaims(unsigned as Parameters<typeof certificateClaims>[0])).toThrow(TypeError);
  });

  it("a signed object of another kind is no certificate", async () => {
    const tokens = load<{ valid: { name: string; token: string }[] }>("tokens.json");
    for (const { token } of tokens.valid) expect(await read(token)).toBe("token_typ_not_allowed");
    const record = gate(tokens.valid.find(({ name }) => name === "record")?.token ?? "", "seb-record+jws");
    if (!record.ok) throw new Error(record.error.code);
    const signed = await checkSignature(record.value, trust, now);
    if (!signed.ok) throw new Error(signed.error.code);
    expect(() => certificateClaims(signed.value)).toThrow(TypeError);
  });
});

describe("trusted keys", () => {
  it("are found under the one typ of their role only", () => {
    for (const key of trust.keys())
      for (const [role, typ] of Object.entries(TYP_OF_ROLE))
        expect(trust.find(typ, key.kid)).toBe(role === key.role ? key : undefined);
    for (const kid of ["__proto__", "constructor", "toString", ""])
      expect(trust.find("seb-cert+jwt", kid)).toBeUndefined();
  });

  it("cannot be imported from random data", async () => {
    await fc.assert(
      fc.asyncProperty(fc.oneof(fc.jsonValue(), fc.anything()), async (value) => {
        expect((await importPublicKey(value)).ok).toBe(false);
      }),
      { numRuns: 200 },
    );
  });
});
