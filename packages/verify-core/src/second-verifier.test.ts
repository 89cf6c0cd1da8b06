// A second verifier of certificates, written from the vectors' README with nothing but the standard library: when it agrees
// with this package on every vector, the vectors and their description suffice.
import { createPublicKey, verify } from "node:crypto";
import { readFileSync } from "node:fs";
import { describe, expect, it } from "@jest/globals";

interface Key {
  readonly kid: string;
  readonly role: string;
  readonly name: string;
  readonly aud: string;
  readonly nbf: number;
  readonly exp: number;
  readonly jwk: { readonly kty: string; readonly crv: string; readonly x: string };
}
interface Case {
  readonly name: string;
  readonly now: number;
  readonly token: string;
  readonly code?: string;
}
type Members = { readonly [name: string]: unknown };

function load<T>(name: string): T {
  return JSON.parse(readFileSync(new URL(`../../schema/vectors/${name}`, import.meta.url), "utf8"));
}
const { trust } = load<{ readonly trust: { readonly file: string } }>("keys.json");
const { payload }: { payload: string } = JSON.parse(trust.file);
const { keys }: { keys: readonly Key[] } = JSON.parse(Buffer.from(payload, "base64url").toString("utf8"));
const vectors = load<{
  readonly rules: { readonly audience: string; readonly skew_seconds: number; readonly max_lifetime_seconds: number };
  readonly valid: readonly Case[];
  readonly invalid: readonly Case[];
}>("certificates.json");

class Refusal extends Error {}
function must(condition: unknown, code: string): asserts condition {
  if (!condition) throw new Refusal(code);
}

/** JSON.parse is strict about syntax; this looks for what it lets through, on its result and in the text's tokens. */
function strictObject(bytes: Buffer, maxDepth: number, code: string): Members {
  const text = bytes.toString("utf8");
  must(Buffer.from(text, "utf8").equals(bytes) && !text.startsWith("\ufeff"), code);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new Refusal(code);
  }
  must(typeof value === "object" && value !== null && !Array.isArray(value), code);
  const open: Set<string>[] = [];
  let depth = 0;
  const lexeme = /"(?:[^"\\]|\\.)*"(\s*:)?|-?\d[\d.eE+-]*|[{}[\]]/gs;
  for (const [found, colon] of text.matchAll(lexeme)) {
    if (found === "{" || found === "[") {
      depth += 1;
      open.push(new Set());
      must(depth <= maxDepth, code);
    } else if (found === "}" || found === "]") {
      depth -= 1;
      open.pop();
    } else if (found.startsWith('"')) {
      const string: string = JSON.parse(colon === undefined ? found : found.slice(0, -colon.length));
      must(!/\p{Surrogate}/u.test(string), code);
      if (colon === undefined) continue;
      must(!open.at(-1)?.has(string), code);
      open.at(-1)?.add(string);
    } else must(Math.abs(Number(found)) <= Number.MAX_SAFE_INTEGER, code);
  }
  return value as Members;
}

const text = (pattern: RegExp, max: number) => (value: unknown) =>
  typeof value === "string" && [...value].length <= max && pattern.test(value);
const integer = (minimum: number, maximum: number) => (value: unknown) =>
  Number.isInteger(value) && Number(value) >= minimum && Number(value) <= maximum;
const oneOf = (...values: readonly unknown[]) => values.includes.bind(values);
type Check = (value: unknown) => boolean;
const list =
  (item: Check, max: number, min = 0) =>
  (value: unknown) =>
    Array.isArray(value) && value.length >= min && value.length <= max && value.every(item);
const isMembers = (value: unknown): value is Members =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const map = (key: Check, item: Check, max: number) => (value: unknown) =>
  isMembers(value) &&
  Object.keys(value).length <= max &&
  Object.keys(value).every(key) &&
  Object.values(value).every(item);
const closed =
  (shape: Readonly<Record<string, Check>>, optional: readonly string[] = []) =>
  (value: unknown) =>
    isMembers(value) &&
    Object.keys(value).every((name) => Object.hasOwn(shape, name)) &&
    Object.entries(shape).every(([name, check]) =>
      Object.hasOwn(value, name) ? check(value[name]) : optional.includes(name),
    );

const name = text(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/, 63);
const key = text(/^[a-z][a-z0-9_]{0,39}$/, 40);
const digest = text(/^sha256:[0-9a-f]{64}$/, 71);
const resource = text(/^service:[a-z0-9-]{1,63}\/region:[a-z0-9-]{1,63}$/, 144);
const audience = text(/^[a-z][a-z0-9:.-]{0,99}$/, 100);
const seconds = integer(0, 2 ** 40);
const counter = integer(0, Number.MAX_SAFE_INTEGER);
const thumbprint = text(/^[A-Za-z0-9_-]{43}$/, 43);
const anything = () => true;
const scalar = (value: unknown) =>
  text(/^[^\p{Cc}]*$/u, 512)(value) ||
  integer(-Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER)(value) ||
  typeof value === "boolean";
const scopeValue = (value: unknown) => scalar(value) || list(text(/^/, 256), 32)(value);
const openParameter = (value: unknown) =>
  closed({ type: oneOf("integer"), minimum: Number.isInteger, maximum: Number.isInteger })(value) ||
  closed({ type: oneOf("enum"), values: list(text(/^/, 128), 32, 1) })(value);
const contract = closed({
  ver: oneOf(1),
  action: name,
  resource,
  audience,
  connector: name,
  target: name,
  operation: map(key, anything, 24),
  open: map(key, openParameter, 12),
  precondition: map(text(/^[!-~]{1,200}$/, 200), text(/^/, 200), 32),
  reconcile: oneOf("exact", "state", "none"),
  identity: oneOf("minted", "held"),
  timeout_seconds: integer(1, 120),
});
const certificate = closed(
  {
    ver: oneOf(1),
    jti: text(/^c_[a-z2-7]{26}$/, 28),
    iss: text(/^[a-z][a-z0-9:./-]{0,99}$/, 100),
    aud: audience,
    sub: text(/^agent:[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/, 69),
    act: closed({ sub: text(/^/, 200) }),
    iat: seconds,
    nbf: seconds,
    exp: seconds,
    action: name,
    resource,
    scope: map(key, scopeValue, 24),
    contract,
    bundle: digest,
    evidence: closed({ digest, facts: map(key, (value) => value === null || scopeValue(value), 32) }),
    policy: closed({ id: name, also: list(name, 8), epoch: counter }),
    epochs: closed({ global: counter, subject: counter }),
    tier: integer(0, 3),
    mode: oneOf("enforce", "shadow"),
    once: list(closed({ id: text(/^/, 64), until: seconds }), 8),
    cnf: closed({ jkt: thumbprint }),
  },
  ["act"],
);

const algOf = (by: Key) => (by.jwk.kty === "EC" ? "ES256" : "Ed25519");

function signatureHolds(by: Key, input: string, signature: Buffer): boolean {
  if (signature.length !== 64) return false;
  const publicKey = createPublicKey({ key: { ...by.jwk }, format: "jwk" });
  const options = { key: publicKey, dsaEncoding: "ieee-p1363" } as const;
  return verify(algOf(by) === "ES256" ? "sha256" : null, Buffer.from(input), options, signature);
}

/** Steps 1 to 5 of the README, in its order. */
function accept(token: string, now: number): void {
  must(Buffer.byteLength(token) <= 6144, "token_too_large");
  const parts = token.split(".");
  must(parts.length === 3 && parts.every((part) => /^[A-Za-z0-9_-]+$/.test(part)), "token_malformed");
  const decoded = parts.map((part) => Buffer.from(part, "base64url"));
  must(
    decoded.every((bytes, index) => bytes.toString("base64url") === parts[index]),
    "token_malformed",
  );
  const [headerBytes = Buffer.of(), payloadBytes = Buffer.of(), signature = Buffer.of()] = decoded;
  const header = strictObject(headerBytes, 4, "token_header_invalid");
  must(Object.keys(header).sort().join() === "alg,kid,typ", "token_header_invalid");
  must(oneOf("Ed25519", "ES256")(header.alg), "token_alg_not_allowed");
  must(header.typ === "seb-cert+jwt", "token_typ_not_allowed");
  must(thumbprint(header.kid), "token_header_invalid");
  const claims = strictObject(payloadBytes, 32, "token_malformed");

  const by = keys.find(({ kid, role }) => kid === header.kid && role === "certificate");
  must(by !== undefined, "token_key_unknown");
  must(header.alg === algOf(by), "token_alg_not_allowed");
  must(now >= by.nbf && now < by.exp, "token_key_expired");
  must(signatureHolds(by, token.slice(0, token.lastIndexOf(".")), signature), "token_signature_invalid");

  must(certificate(claims), "token_claims_invalid");
  must(claims.iss === by.name, "issuer_wrong");
  must(claims.aud === by.aud && claims.aud === vectors.rules.audience, "audience_wrong");
  const { iat, nbf, exp } = claims as { iat: number; nbf: number; exp: number };
  must(exp > nbf && exp > iat, "token_claims_invalid");
  must(exp - Math.min(iat, nbf) <= vectors.rules.max_lifetime_seconds, "lifetime_too_long");
  must(iat <= now + vectors.rules.skew_seconds, "issued_in_future");
  must(nbf <= now + vectors.rules.skew_seconds, "not_yet_valid");
  must(now < exp, "expired");
}

function verdict({ token, now }: Case): string {
  try {
    accept(token, now);
    return "ok";
  } catch (error) {
    if (error instanceof Refusal) return error.message;
    throw error;
  }
}

describe("a second verifier, written from the description alone", () => {
  it("agrees on every certificate vector, code by code", () => {
    const cases = [...vectors.valid, ...vectors.invalid];
    const found = cases.map((of) => `${of.name}: ${verdict(of)}`);
    expect(found).toEqual(cases.map((of) => `${of.name}: ${of.code ?? "ok"}`));
  });
});
