/** Every claim that a certificate must have. */
export const CLAIMS = [
  "ver",
  "jti",
  "iss",
  "aud",
  "sub",
  "iat",
  "nbf",
  "exp",
  "action",
  "resource",
  "scope",
  "contract",
  "bundle",
  "evidence",
  "policy",
  "epochs",
  "tier",
  "mode",
  "once",
  "cnf",
] as const;

/** Claims that no schema of ours admits. */
export const WRONG_CLAIMS: readonly [string, Record<string, unknown>][] = [
  ...["iat", "nbf", "exp"].flatMap((claim): [string, Record<string, unknown>][] => [
    [`${claim} in words`, { [claim]: "1790000000" }],
    [`${claim} as a fraction`, { [claim]: Math.floor(Date.now() / 1000) + 0.5 }],
    [`${claim} below zero`, { [claim]: -1 }],
    [`${claim} beyond all years`, { [claim]: 2 ** 50 }],
    [`${claim} that is null`, { [claim]: null }],
    [`${claim} in a list`, { [claim]: [Math.floor(Date.now() / 1000)] }],
  ]),
  ["another version", { ver: 2 }],
  ["a version in words", { ver: "1" }],
  ["two audiences", { aud: ["broker:dev", "broker:prod"] }],
  ["a claim too many", { admin: true }],
  ["another claim of constructors", { constructor: { prototype: {} } }],
  ["an id of another alphabet", { jti: "c_ABCDEFGHIJKLMNOPQRSTUVWXYZ" }],
  ["an id that is a path", { jti: "c_../../refs/heads/mainaaaaaaaa" }],
  ["a subject that is no agent", { sub: "operator:alice" }],
  ["a resource of any service", { resource: "service:*/region:us-east-1" }],
  ["another mode", { mode: "force" }],
  ["tier four", { tier: 4 }],
  ["tier minus one", { tier: -1 }],
  ["no thumbprint", { cnf: {} }],
  ["a key beside the thumbprint", { cnf: { jkt: "A".repeat(43), jwk: {} } }],
];

/** Windows in which nothing may happen now, and the code of the check that says so. */
export const CLOSED_WINDOWS: readonly [string, (now: number) => Record<string, number>, string][] = [
  ["a life of 121 seconds", (now) => ({ iat: now, nbf: now, exp: now + 121 }), "lifetime_too_long"],
  ["a life of a year", (now) => ({ iat: now, nbf: now, exp: now + 31_536_000 }), "lifetime_too_long"],
  ["a life that began two minutes ago", (now) => ({ iat: now, nbf: now - 60, exp: now + 61 }), "lifetime_too_long"],
  ["an end before its beginning", (now) => ({ iat: now, nbf: now, exp: now - 1 }), "token_claims_invalid"],
  ["no life at all", (now) => ({ iat: now, nbf: now, exp: now }), "token_claims_invalid"],
  [
    "a birth next year",
    (now) => ({ iat: now + 31_536_000, nbf: now + 31_536_000, exp: now + 31_536_090 }),
    "issued_in_future",
  ],
  ["a beginning in half a minute", (now) => ({ iat: now, nbf: now + 30, exp: now + 90 }), "not_yet_valid"],
  ["an end an hour ago", (now) => ({ iat: now - 3690, nbf: now - 3690, exp: now - 3600 }), "expired"],
];
