import { describe, expect, it } from "@jest/globals";
import type { TSchema } from "typebox";
import * as schema from "./index.js";
import {
  CertificateClaims,
  DPOP_TYP,
  Epochs,
  MAX_TOKEN_BYTES,
  PublicJwk,
  REVOCATION_KINDS,
  RevocationTarget,
  TrustKey,
  TYP_OF_ROLE,
  validate,
} from "./index.js";

const KEYWORDS = ["type", "anyOf", "const", "enum", "allOf", "$ref"];
const isObject = (value: unknown): value is object => typeof value === "object" && value !== null;
const isSchema = (value: unknown): value is TSchema =>
  isObject(value) && !Array.isArray(value) && KEYWORDS.some((word) => word in value);
const exported: readonly (readonly [string, TSchema])[] = Object.entries(schema).flatMap(([name, value]) =>
  isSchema(value) ? [[name, value] as const] : [],
);

/** Every schema inside a schema, with its path. */
function* inside(value: unknown, path: string): Generator<readonly [string, object]> {
  if (!isObject(value)) return;
  yield [path, value];
  for (const [name, next] of Object.entries(value)) yield* inside(next, `${path}/${name}`);
}
/** What is open on purpose: problems' facts and the foreign parts of templates, targets and JSON Schemas. */
const OPEN = [/^Problem\/properties\/facts/, /^Targets\//, /^ActionAnswer\/properties\/parameters/];

describe("every exported schema", () => {
  it("is found by this test", () => {
    expect(exported.length).toBeGreaterThan(60);
  });

  it.each(exported)("%s compiles in ajv's strict mode", (_, value) => {
    expect(() => validate(value, undefined, "request_invalid")).not.toThrow();
    expect(validate(value, undefined, "request_invalid").ok).toBe(false);
  });

  it("is closed: no object admits members that it does not name or bound", () => {
    const open = exported.flatMap(([name, value]) =>
      [...inside(value, name)]
        .filter(([, part]) => "type" in part && part.type === "object" && "properties" in part)
        .filter(([, part]) => !("additionalProperties" in part) || part.additionalProperties !== false)
        .map(([path]) => path),
    );
    expect(open.filter((path) => !OPEN.some((known) => known.test(path)))).toEqual([]);
  });

  it("anchors its patterns at both ends", () => {
    const loose = exported.flatMap(([name, value]) =>
      [...inside(value, name)].flatMap(([path, part]) =>
        "pattern" in part && typeof part.pattern === "string" && !/^\^.*\$$/s.test(part.pattern) ? [path] : [],
      ),
    );
    expect(loose).toEqual([]);
  });
});

describe("tokens", () => {
  it("have a typ for each role, one role for each typ, and a largest size each", () => {
    const typs: readonly string[] = Object.values(TYP_OF_ROLE);
    expect(new Set(typs).size).toBe(typs.length);
    expect(Object.keys(MAX_TOKEN_BYTES).sort()).toEqual([...typs, DPOP_TYP].sort());
    for (const bytes of Object.values(MAX_TOKEN_BYTES)) {
      expect(Number.isInteger(bytes)).toBe(true);
      expect(bytes).toBeGreaterThanOrEqual(1024);
      expect(bytes).toBeLessThanOrEqual(262_144);
    }
  });

  it("travel together in the headers of one request: certificate and proof stay below Node's 16 KB", () => {
    expect(MAX_TOKEN_BYTES["seb-cert+jwt"]).toBe(6144);
    expect(MAX_TOKEN_BYTES["seb-cert+jwt"] + MAX_TOKEN_BYTES[DPOP_TYP]).toBeLessThan(12_288);
  });

  it("name only roles of keys that a trust file may hold, and revocations of the listed kinds", () => {
    const roles = TrustKey.properties.role.anyOf.map((part) => part.const);
    expect(roles.every((role) => Object.hasOwn(TYP_OF_ROLE, role))).toBe(true);
    expect(RevocationTarget.anyOf.map((part) => part.properties.kind.const)).toEqual([...REVOCATION_KINDS]);
  });
});

describe("validate", () => {
  const pointerOf = (value: unknown) => {
    const result = validate(CertificateClaims, value, "token_claims_invalid");
    return result.ok ? "ok" : result.error.pointer;
  };

  it("is not satisfied by inherited members", () => {
    expect(pointerOf({})).toBe("/ver");
    expect(
      validate(PublicJwk, Object.create({ kty: "OKP", crv: "Ed25519", x: "A".repeat(43) }), "proof_key_weak").ok,
    ).toBe(false);
  });

  it("refuses unknown members and unknown keys of maps", () => {
    const jwk = { kty: "OKP", crv: "Ed25519", x: "A".repeat(43) };
    expect(validate(PublicJwk, jwk, "proof_key_weak").ok).toBe(true);
    expect(validate(PublicJwk, { ...jwk, d: "A".repeat(43) }, "proof_key_weak").ok).toBe(false);
    expect(validate(Epochs, { global: 0, subject: { nobody: 1 }, policy: {} }, "request_invalid").ok).toBe(false);
    const withProto: unknown = JSON.parse('{"global":0,"subject":{},"policy":{},"__proto__":{}}');
    expect(validate(Epochs, withProto, "request_invalid").ok).toBe(false);
  });

  it("points to the field and never repeats foreign text", () => {
    const foreign = "secret\nvalue";
    const results = [
      validate(Epochs, { global: foreign, subject: {}, policy: {} }, "request_invalid"),
      validate(Epochs, { global: 0, subject: {}, policy: {}, [foreign]: 1 }, "request_invalid"),
      validate(Epochs, { global: 0, subject: { [foreign]: 1 }, policy: {} }, "request_invalid"),
    ];
    expect(results.map((result) => (result.ok ? "ok" : result.error.pointer))).toEqual(["/global", "/?", "/subject/?"]);
    expect(JSON.stringify(results)).not.toContain("secret");
  });

  it("refuses numbers that are none and integers that are not safe", () => {
    for (const global of [Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53, -1, 0.5, "0", true, null])
      expect(validate(Epochs, { global, subject: {}, policy: {} }, "request_invalid").ok).toBe(false);
  });
});
