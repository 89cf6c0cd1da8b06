import { readFileSync } from "node:fs";
import { describe, expect, it } from "@jest/globals";
import { base64urlDecode, canonicalize, digest, type Json, jwkThumbprint, readJson } from "@seb/canonical";
import { type Code, DIGESTS, type DigestType, isCode, type Result } from "@seb/schema";
import {
  acceptableJwk,
  certificateClaims,
  checkSignature,
  checkWindow,
  gate,
  type Trust,
  verifyApproval,
  verifyObservation,
  verifyOrder,
  verifyProof,
  verifyRecord,
  verifyStatus,
  verifyTrust,
} from "./index.js";

const TYPES = Object.keys(DIGESTS).filter((name): name is DigestType => Object.hasOwn(DIGESTS, name));

interface Case {
  readonly name: string;
  readonly about: string;
  readonly now: number;
  readonly code?: Code;
  readonly cause?: Code;
}
interface File<C extends Case> {
  readonly valid: readonly C[];
  readonly invalid: readonly C[];
}
interface Pins {
  readonly owners: readonly string[];
  readonly threshold: number;
  readonly min_version: number;
}
interface Jwk {
  readonly kty: string;
  readonly crv: string;
  readonly x: string;
  readonly y?: string;
}
type TokenCase = Case & { readonly kind: string; readonly token: string };
type ProofCase = Case & {
  readonly proof: string;
  readonly jkt?: string;
  readonly request: {
    readonly method: string;
    readonly urls: readonly string[];
    readonly now: number;
    readonly op?: string;
    readonly access_token?: string;
  };
};
interface Keys {
  readonly now: number;
  readonly approvers: readonly { readonly kid: string; readonly name: string; readonly jwk: Jwk }[];
  readonly trust: { readonly pins: Pins; readonly file: string };
  readonly refused_keys: readonly { readonly name: string; readonly jwk: Jwk }[];
  readonly keys: readonly { readonly id: string; readonly kid: string; readonly jwk: Jwk }[];
}

function load<T>(name: string): T {
  return JSON.parse(readFileSync(new URL(`../../schema/vectors/${name}`, import.meta.url), "utf8"));
}
const keys = load<Keys>("keys.json");
const pinsOf = ({ owners, threshold, min_version }: Pins) => ({ owners, threshold, minVersion: min_version });
async function trustOfVectors(): Promise<Trust> {
  const trust = await verifyTrust(keys.trust.file, pinsOf(keys.trust.pins), keys.now);
  if (!trust.ok) throw new Error(trust.error.code);
  return trust.value;
}
const trust = await trustOfVectors();

const expected = (of: Case) => ({ name: of.name, code: of.code ?? "ok", cause: of.cause });
function outcome(of: Case, result: Result<unknown>) {
  const cause = result.ok ? undefined : result.error.facts?.cause;
  return { name: of.name, code: result.ok ? "ok" : result.error.code, cause };
}
async function outcomes<C extends Case>(file: File<C>, verify: (of: C) => Promise<Result<unknown>>) {
  const all = [...file.valid, ...file.invalid];
  const found = [];
  for (const of of all) found.push(outcome(of, await verify(of)));
  return { found, expected: all.map(expected) };
}

const certificates = load<
  File<Case & { readonly token: string }> & {
    readonly rules: { readonly audience: string; readonly skew_seconds: number; readonly max_lifetime_seconds: number };
  }
>("certificates.json");
const tokens = load<File<TokenCase> & { readonly kinds: Record<string, { readonly audience?: string }> }>(
  "tokens.json",
);
const proofs = load<File<ProofCase> & { readonly rules: { readonly max_age_seconds: number } }>("proofs.json");
const trustFiles = load<File<Case & { readonly pins: Pins; readonly file: string }>>("trust.json");

async function readCertificate(token: string, nowSeconds: number): Promise<Result<unknown>> {
  const { rules } = certificates;
  const gated = gate(token, "seb-cert+jwt");
  if (!gated.ok) return gated;
  const signed = await checkSignature(gated.value, trust, nowSeconds);
  if (!signed.ok) return signed;
  const claims = certificateClaims(signed.value);
  if (!claims.ok) return claims;
  if (claims.value.aud !== rules.audience) return { ok: false, error: { code: "audience_wrong", detail: "" } };
  return checkWindow(claims.value, {
    nowSeconds,
    skewSeconds: rules.skew_seconds,
    maxLifetimeSeconds: rules.max_lifetime_seconds,
  });
}

async function readOther(of: TokenCase): Promise<Result<unknown>> {
  const audience = tokens.kinds[of.kind]?.audience ?? "";
  switch (of.kind) {
    case "observation":
      return verifyObservation(of.token, trust, { audience, nowSeconds: of.now, maxAgeSeconds: 60 });
    case "status":
      return verifyStatus(of.token, trust, { audience });
    case "record":
      return verifyRecord(of.token, trust);
    case "order":
      return verifyOrder(of.token, trust, { audience, nowSeconds: of.now });
    case "approval": {
      const approvers = new Map(keys.approvers.map(({ kid, name, jwk }) => [kid, { name, jwk }]));
      return verifyApproval(of.token, approvers, { audience, nowSeconds: of.now });
    }
    default:
      throw new Error(`unknown kind ${of.kind}`);
  }
}

function readProof({ proof, request }: ProofCase): Promise<Result<{ readonly jkt: string }>> {
  const { method, urls, now, op, access_token } = request;
  return verifyProof(proof, {
    method,
    urls,
    nowSeconds: now,
    maxAgeSeconds: proofs.rules.max_age_seconds,
    ...(op === undefined ? {} : { op }),
    ...(access_token === undefined ? {} : { accessToken: access_token }),
  });
}

describe("published vectors", () => {
  it("are enough, named once each, explained, and expect codes of the table", () => {
    const files: readonly File<Case>[] = [certificates, tokens, proofs, trustFiles];
    expect(files.flatMap((file) => file.valid).length).toBeGreaterThanOrEqual(15);
    expect(files.flatMap((file) => file.invalid).length).toBeGreaterThanOrEqual(60);
    for (const file of files) {
      const cases = [...file.valid, ...file.invalid];
      expect(new Set(cases.map(({ name }) => name)).size).toBe(cases.length);
      expect(cases.filter(({ about }) => about.length < 3)).toEqual([]);
      expect(file.invalid.filter(({ code }) => !isCode(code))).toEqual([]);
    }
  });

  it("certificates: each is accepted or refused with its code", async () => {
    const { found, expected } = await outcomes(certificates, (of) => readCertificate(of.token, of.now));
    expect(found).toEqual(expected);
  });

  it("observations, statuses, records, orders and approvals: each with its code and cause", async () => {
    const { found, expected } = await outcomes(tokens, readOther);
    expect(found).toEqual(expected);
  });

  it("proofs: each is accepted for its key or refused with its code", async () => {
    const { found, expected } = await outcomes(proofs, readProof);
    expect(found).toEqual(expected);
    for (const of of proofs.valid) {
      const result = await readProof(of);
      expect(result.ok && result.value.jkt).toBe(of.jkt);
    }
  });

  it("trust files: each is accepted or refused with its code", async () => {
    const { found, expected } = await outcomes(trustFiles, (of) => verifyTrust(of.file, pinsOf(of.pins), of.now));
    expect(found).toEqual(expected);
  });

  it("keys: sound ones are accepted, small-order, non-canonical and off-curve ones are not", () => {
    const codes = keys.refused_keys.map(({ name, jwk }) => {
      const result = acceptableJwk(jwk);
      return { name, code: result.ok ? "ok" : result.error.code };
    });
    expect(codes).toEqual(keys.refused_keys.map(({ name }) => ({ name, code: "proof_key_weak" })));
    expect(keys.keys.filter(({ jwk }) => !acceptableJwk(jwk).ok)).toEqual([]);
    expect(keys.keys.filter(({ jwk, kid }) => jwkThumbprint(jwk) !== kid)).toEqual([]);
  });

  it("JSON: each document has its canonical text or its code", () => {
    type JsonCase = Case & { readonly json: string; readonly canonical?: string };
    const file = load<File<JsonCase>>("json.json");
    for (const { name, json, canonical, code } of [...file.valid, ...file.invalid]) {
      const read = readJson(base64urlDecode(json) ?? new Uint8Array(), { maxBytes: 65_536, maxDepth: 32 });
      const found = read.ok ? canonicalize(read.value) : read.error.code;
      expect({ name, found }).toEqual({ name, found: canonical ?? code });
    }
  });

  it("digests and thumbprints are reproduced", () => {
    const file = load<{
      readonly digests: readonly { prefix: string; value: Json; canonical: string; digest: string }[];
      readonly thumbprints: readonly { jwk: Jwk; kid: string }[];
    }>("digests.json");
    for (const of of file.digests) {
      expect(canonicalize(of.value)).toBe(of.canonical);
      const type = TYPES.find((known) => DIGESTS[known].prefix === of.prefix);
      if (type === undefined) throw new Error(`no type has the prefix ${of.prefix}`);
      expect(digest(type, of.value)).toBe(of.digest);
    }
    for (const { jwk, kid } of file.thumbprints) expect(jwkThumbprint(jwk)).toBe(kid);
  });
});
