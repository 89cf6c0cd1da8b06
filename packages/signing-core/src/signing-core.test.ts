import { readdirSync, readFileSync } from "node:fs";
import { beforeAll, describe, expect, it } from "@jest/globals";
import { canonicalize, digestBytes, type Json } from "@seb/canonical";
import { CertificateClaims, validate } from "@seb/schema";
import fc from "fast-check";
import { compactVerify, decodeProtectedHeader, exportJWK, generateKeyPair, importJWK } from "jose";
import * as published from "./index.js";
import {
  ABSOLUTE_MAX_BYTES,
  ABSOLUTE_MAX_TTL_SECONDS,
  type CertificateIntent,
  type CertificateSigner,
  createCertificateSigner,
  type PreparedCertificate,
  type Profile,
  prepareCertificate,
  restore,
} from "./index.js";

const profile: Profile = {
  issuer: "signer:test",
  audience: "broker:test",
  ttlSecondsByTier: [90, 90, 60, 30],
  maxTtlSeconds: 90,
  maxBytes: 6144,
};
const digest = `sha256:${"0".repeat(64)}`;
const intent: CertificateIntent = {
  certId: `c_${"a".repeat(26)}`,
  subject: "agent:oncall-v3",
  action: "deploy",
  resource: "service:checkout/region:us-east-1",
  scope: { image_digest: digest, max_replicas: 12 },
  contract: {
    ver: 1,
    action: "deploy",
    resource: "service:checkout/region:us-east-1",
    audience: "broker:test",
    connector: "git",
    target: "gitops",
    operation: { branch: "main" },
    open: {},
    precondition: {},
    reconcile: "exact",
    identity: "held",
    timeout_seconds: 20,
  },
  bundle: digest,
  evidence: { digest, facts: {} },
  policy: { id: "auto-low-risk-v2", also: [], epoch: 0 },
  epochs: { global: 0, subject: 0 },
  tier: 1,
  mode: "enforce",
  once: [],
  jkt: "k".repeat(43),
  nowSeconds: 1_767_225_600.9,
};

async function keyFile(alg: "Ed25519" | "ES256" = "Ed25519", role = "certificate") {
  const { privateKey } = await generateKeyPair(alg, { extractable: true });
  const { kty, crv, x, y, d } = await exportJWK(privateKey);
  return { role, name: "signer:test", jwk: kty === "EC" ? { kty, crv, x, y, d } : { kty, crv, x, d } };
}
async function signerOf(alg: "Ed25519" | "ES256" = "Ed25519"): Promise<CertificateSigner> {
  const made = await createCertificateSigner(await keyFile(alg));
  if (!made.ok) throw new Error(made.error.code);
  return made.value;
}
function prepared(changes: Partial<CertificateIntent> = {}, by: Profile = profile): PreparedCertificate {
  const made = prepareCertificate({ ...intent, ...changes }, by);
  if (!made.ok) throw new Error(`${made.error.code} ${made.error.pointer}`);
  return made.value;
}
function codeOf(changes: Partial<CertificateIntent>, by: Profile = profile): string {
  const made = prepareCertificate({ ...intent, ...changes }, by);
  return made.ok ? "ok" : made.error.code;
}
async function payloadOf(token: string, signer: CertificateSigner): Promise<Json> {
  const key = await importJWK({ ...signer.publicJwk }, signer.alg);
  const { payload } = await compactVerify(token, key, { algorithms: [signer.alg] });
  return JSON.parse(new TextDecoder().decode(payload));
}

let signer: CertificateSigner;
beforeAll(async () => {
  signer = await signerOf();
});

describe("a certificate", () => {
  it.each(["Ed25519", "ES256"] as const)(
    "signed with %s has the exact header, and the prepared payload",
    async (alg) => {
      const by = await signerOf(alg);
      const one = prepared();
      const token = await by.sign(one);
      expect(decodeProtectedHeader(token)).toEqual({ alg, typ: "seb-cert+jwt", kid: by.kid });
      expect(Buffer.from(token.split(".")[1] ?? "", "base64url").toString("utf8")).toBe(one.payloadText);
      expect(one.digest).toBe(digestBytes(one.payloadText));
      const claims = await payloadOf(token, by);
      expect(claims).toEqual(one.claims);
      expect(canonicalize(claims)).toBe(one.payloadText);
      expect(validate(CertificateClaims, claims, "token_claims_invalid").ok).toBe(true);
    },
  );

  it("gets issuer, audience and window from the profile, never from the caller", () => {
    const smuggled = { ...intent, iss: "x", aud: "x", exp: 9e9, nbf: 0, iat: 0, ver: 2 };
    const made = prepareCertificate(smuggled, profile);
    expect(made.ok && made.value.claims).toMatchObject({
      ver: 1,
      iss: "signer:test",
      aud: "broker:test",
      iat: 1_767_225_600,
      nbf: 1_767_225_600,
      exp: 1_767_225_690,
    });
  });
});

describe("bounds", () => {
  it("the life follows from the tier and never passes the caps", () => {
    const life = (by: Profile, tier: number) => {
      const { exp, nbf } = prepared({ tier }, by).claims;
      return exp - nbf;
    };
    expect([0, 1, 2, 3].map((tier) => life(profile, tier))).toEqual([90, 90, 60, 30]);
    expect(life({ ...profile, maxTtlSeconds: 10 }, 0)).toBe(10);
  });

  it("a profile outside the absolute bounds is a bug, not a longer certificate", () => {
    const wrong: readonly Partial<Profile>[] = [
      { maxTtlSeconds: ABSOLUTE_MAX_TTL_SECONDS + 1 },
      { maxTtlSeconds: Number.POSITIVE_INFINITY },
      { maxTtlSeconds: Number.NaN },
      { maxTtlSeconds: 0 },
      { maxBytes: ABSOLUTE_MAX_BYTES + 1 },
      { ttlSecondsByTier: [90, 90, 90] },
      { ttlSecondsByTier: [90, 90, 90, 90, 90] },
      { ttlSecondsByTier: [90, 90, 90, ABSOLUTE_MAX_TTL_SECONDS + 1] },
      { ttlSecondsByTier: [90, 90, 90, -1] },
    ];
    for (const changes of wrong) {
      expect(() => codeOf({}, { ...profile, ...changes })).toThrow(TypeError);
      expect(() => restore(prepared().claims, { ...profile, ...changes })).toThrow(TypeError);
    }
  });

  it("the size that is refused is the size that the token would have had", async () => {
    const facts = (length: number) => ({ evidence: { digest, facts: { pad: "x".repeat(length) } } });
    for (const length of [0, 1, 2, 3, 100]) {
      const one = prepared(facts(length));
      const { length: size } = await signer.sign(one);
      expect(codeOf(facts(length), { ...profile, maxBytes: size })).toBe("ok");
      expect(codeOf(facts(length), { ...profile, maxBytes: size - 1 })).toBe("certificate_too_large");
    }
    const many = Object.fromEntries(Array.from({ length: 20 }, (_, index) => [`k${index}`, "x".repeat(500)]));
    expect(codeOf({ evidence: { digest, facts: many } })).toBe("certificate_too_large");
  });

  it.each([
    ["another action in the contract", { action: "scale" }],
    ["another resource in the contract", { resource: "service:checkout/region:eu-west-1" }],
    ["another audience in the contract", { contract: { ...intent.contract, audience: "broker:other" } }],
    ["an unknown tier", { tier: 4 }],
    ["a tier that is no number", { tier: Number.NaN }],
    ["a subject that is no agent", { subject: "person:alice" }],
    ["an identifier of another kind", { certId: "r_aaaaaaaaaaaaaaaaaaaaaaaaaa" }],
    ["no time", { nowSeconds: Number.NaN }],
    ["a time before 1970", { nowSeconds: -1 }],
    ["a lone surrogate", { scope: { note: "\ud800" } }],
  ])("refuses an intent with %s", (_, changes) => {
    expect(codeOf(changes)).toBe("self_check_failed");
  });
});

describe("a prepared certificate", () => {
  it("is signed once, by one signer", async () => {
    const one = prepared();
    await signer.sign(one);
    await expect(signer.sign(one)).rejects.toThrow(TypeError);
    await expect((await signerOf()).sign(one)).rejects.toThrow(TypeError);
  });

  it("is signed once even when asked twice at the same time", async () => {
    const one = prepared();
    const outcomes = await Promise.allSettled([signer.sign(one), signer.sign(one), signer.sign(one)]);
    expect(outcomes.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected", "rejected"]);
  });

  it("cannot be imitated: everything that this package did not make is refused", async () => {
    const one = prepared();
    const foreign: readonly unknown[] = [
      undefined,
      null,
      "payload",
      new TextEncoder().encode("payload"),
      {},
      { ...one },
      { claims: one.claims, payloadText: one.payloadText, digest: one.digest },
      Object.create(one),
      Object.create(Object.getPrototypeOf(one)),
      new Proxy(one, {}),
      structuredClone({ ...one }),
    ];
    for (const value of foreign)
      await expect(signer.sign(value as unknown as PreparedCertificate)).rejects.toThrow(TypeError);
    expect(typeof (await signer.sign(one))).toBe("string");
  });

  it("cannot be made by the constructor of one that was", () => {
    const { constructor: make } = Object.getPrototypeOf(prepared());
    expect(() => Reflect.construct(make, [Symbol("maker"), {}, "{}"])).toThrow(TypeError);
  });

  it("is frozen: neither its members nor the caller's own objects reach what is signed", async () => {
    const scope: Record<string, number | string> = { image_digest: digest, max_replicas: 12 };
    const one = prepared({ scope });
    scope.max_replicas = 40;
    expect(() => Object.assign(one.claims.scope, { max_replicas: 40 })).toThrow(TypeError);
    expect(() => Object.assign(one, { payloadText: "{}" })).toThrow(TypeError);
    expect(await payloadOf(await signer.sign(one), signer)).toMatchObject({ scope: { max_replicas: 12 } });
  });
});

describe("restore", () => {
  it("gives the same bytes for the same journalled claims, and with Ed25519 the same token", async () => {
    const text = fc
      .string({ unit: "grapheme", maxLength: 40 })
      .filter((value) => !/[\p{Cc}\p{Surrogate}]/u.test(value));
    await fc.assert(
      fc.asyncProperty(
        fc.dictionary(fc.stringMatching(/^[a-z][a-z0-9_]{0,9}$/), text, { maxKeys: 5 }),
        async (scope) => {
          const one = prepared({ scope });
          const journalled: CertificateClaims = JSON.parse(one.payloadText);
          const again = restore(journalled, profile);
          if (!again.ok) throw new Error(again.error.code);
          expect(again.value.payloadText).toBe(one.payloadText);
          expect(again.value.digest).toBe(one.digest);
          expect(await signer.sign(again.value)).toBe(await signer.sign(one));
        },
      ),
      { numRuns: 30 },
    );
  });

  it("holds the claims to the profile in force", () => {
    const { claims } = prepared();
    const code = (changes: object, by: Profile = profile) => {
      const made = restore({ ...claims, ...changes }, by);
      return made.ok ? "ok" : made.error.code;
    };
    expect(code({})).toBe("ok");
    expect(code({ exp: claims.nbf + 91 })).toBe("lifetime_too_long");
    expect(code({ iat: claims.iat - 1 })).toBe("lifetime_too_long");
    expect(code({}, { ...profile, maxTtlSeconds: 89 })).toBe("lifetime_too_long");
    expect(code({ iss: "signer:other" })).toBe("self_check_failed");
    expect(code({ aud: "broker:other" })).toBe("self_check_failed");
    const contract = { ...claims.contract, audience: "broker:other" };
    expect(code({ aud: "broker:other", contract })).toBe("self_check_failed");
    expect(code({ exp: claims.nbf })).toBe("self_check_failed");
    expect(code({ admin: true })).toBe("self_check_failed");
    expect(code({}, { ...profile, maxBytes: 100 })).toBe("certificate_too_large");
  });

  it("never lets a longer life through, whatever the times", () => {
    const { claims } = prepared();
    const second = fc.integer({ min: 0, max: 300 });
    fc.assert(
      fc.property(second, second, second, (iat, nbf, exp) => {
        const made = restore({ ...claims, iat, nbf, exp }, profile);
        expect(made.ok).toBe(exp > nbf && exp > iat && exp - Math.min(iat, nbf) <= profile.maxTtlSeconds);
      }),
    );
  });
});

describe("createCertificateSigner", () => {
  it("refuses files of another role, other keys, extra members and mismatched halves, without echoing them", async () => {
    const good = await keyFile();
    const other = await keyFile();
    const ec = await keyFile("ES256");
    const otherEc = await keyFile("ES256");
    const wrong: readonly unknown[] = [
      undefined,
      null,
      "",
      [],
      {},
      { ...good, role: "record" },
      { ...good, role: "owner" },
      { ...good, extra: 1 },
      { role: good.role, jwk: good.jwk },
      { ...good, jwk: { ...good.jwk, d: other.jwk.d } },
      { ...ec, jwk: { ...ec.jwk, d: otherEc.jwk.d } },
      { ...good, jwk: { ...good.jwk, d: undefined } },
      { ...good, jwk: { ...good.jwk, alg: "Ed25519" } },
      { ...good, jwk: { ...good.jwk, crv: "X25519" } },
      { ...good, jwk: { ...good.jwk, d: `${good.jwk.d}=` } },
      { ...good, jwk: { kty: "oct", k: "AAAA" } },
    ];
    for (const file of wrong) {
      const made = await createCertificateSigner(file);
      expect(made.ok ? "ok" : made.error.code).toBe("setting_invalid");
      expect(JSON.stringify(made)).not.toContain(good.jwk.d);
    }
  });

  it("hands out no way to the private key", async () => {
    const file = await keyFile();
    const made = await createCertificateSigner(file);
    if (!made.ok) throw new Error(made.error.code);
    expect(Object.keys(made.value).sort()).toEqual(["alg", "kid", "publicJwk", "sign"]);
    expect(Object.keys(made.value.publicJwk).sort()).toEqual(["crv", "kty", "x"]);
    expect(JSON.stringify(made.value)).not.toContain(file.jwk.d);
    expect(Object.isFrozen(made.value)).toBe(true);
  });
});

describe("the package", () => {
  it("publishes only what an auditor has to know", () => {
    expect(Object.keys(published).sort()).toEqual([
      "ABSOLUTE_MAX_BYTES",
      "ABSOLUTE_MAX_TTL_SECONDS",
      "createCertificateSigner",
      "prepareCertificate",
      "restore",
    ]);
  });

  it("has one call that signs, and no more than 800 lines", () => {
    const sources = readdirSync(new URL(".", import.meta.url))
      .filter((name) => name.endsWith(".ts") && !name.endsWith(".test.ts"))
      .map((name) => readFileSync(new URL(name, import.meta.url), "utf8"));
    const text = sources.join("\n");
    expect(text.split("\n").length).toBeLessThanOrEqual(800);
    expect(text.match(/\bnew CompactSign\b/g)).toHaveLength(1);
    expect(text.match(/\.sign\(/g)).toHaveLength(1);
  });
});
