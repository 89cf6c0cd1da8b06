import { edit, mutantsOf } from "./mutant.mjs";

const VERIFY = "packages/verify-core/dist";
const ADMIT = "apps/broker/dist/admission/admit.js";
const POSSESSION = "apps/broker/dist/admission/possession.js";

const WINDOW_STEP = 'await step("window", ()=>checkWindow(claims, {';
const KEY_COMPARE =
  'if (proof.value.jkt !== jkt) return fail("proof_key_mismatch", "the proof was made with another key");';

export const TOKENS = [
  ...mutantsOf("no-certificate-no-mutation", [
    [
      "a proof alone is let in as far as the claims",
      "only",
      edit(
        "apps/broker/dist/routes/presented.js",
        'return fail("token_missing", "no Authorization header");',
        'return ok("none");',
      ),
    ],
    [
      "any scheme of Authorization is taken",
      "only",
      edit("apps/broker/dist/routes/presented.js", "/^DPoP ([!-~]+)$/", "/^[A-Za-z]+ ([!-~]+)$/"),
    ],
  ]),
  ...mutantsOf("a-forged-or-respelled-token-is-refused", [
    [
      "the signature is not checked",
      "signature",
      edit(
        `${VERIFY}/signature.js`,
        "if (gated.signatureBytes !== SIGNATURE_BYTES || !await signatureHolds(gated.token, key.key, key.alg)) return",
        "if (false) return",
      ),
    ],
    [
      "other spellings of base64url are read",
      "spelling",
      edit(
        "packages/canonical/dist/base64url.js",
        'return bytes.toString("base64url") === text ? new Uint8Array(bytes) : undefined;',
        "return new Uint8Array(bytes);",
      ),
    ],
    [
      "the header may hold more than alg, typ and kid",
      "header",
      edit(
        `${VERIFY}/gate.js`,
        "if (header === undefined || !hasExactly(header, HEADER_MEMBERS)) return",
        "if (header === undefined) return",
      ),
    ],
    [
      "the header's alg need not be the key's",
      "algorithm",
      edit(`${VERIFY}/signature.js`, "if (key.alg !== gated.alg) return", "if (false) return"),
    ],
    [
      "a token may be of any size",
      "size",
      edit(`${VERIFY}/segments.js`, "if (token.length > maxBytes) return", "if (false) return"),
    ],
    [
      "the claims may hold more than the schema",
      "claims",
      edit(
        `${VERIFY}/certificate.js`,
        'const claims = validate(CertificateClaims, signed.claims, "token_claims_invalid");',
        "const claims = { ok: true, value: signed.claims };",
      ),
    ],
    [
      "the audience is not compared with the broker's",
      "audience",
      [
        edit(ADMIT, "claims.aud === config.audience ? ok(undefined)", "true ? ok(undefined)"),
        edit(`${VERIFY}/owner.js`, "if (claims.aud !== key.aud) return", "if (false) return"),
      ],
    ],
    [
      "the issuer need not own its key",
      "issuer",
      edit(`${VERIFY}/owner.js`, "if (claims.iss !== key.name) return", "if (false) return"),
    ],
    [
      "duplicate keys are read",
      "json",
      edit(
        "packages/canonical/dist/assembler.js",
        'if (key in frame.value) return this.#scanner.refuse("json_duplicate_key", "the same key twice", at);',
        "",
      ),
    ],
    [
      "neither spelling nor signature nor claims are checked",
      "all",
      [
        edit(
          `${VERIFY}/signature.js`,
          "if (gated.signatureBytes !== SIGNATURE_BYTES || !await signatureHolds(gated.token, key.key, key.alg)) return",
          "if (false) return",
        ),
        edit(
          "packages/canonical/dist/base64url.js",
          'return bytes.toString("base64url") === text ? new Uint8Array(bytes) : undefined;',
          "return new Uint8Array(bytes);",
        ),
        edit(
          `${VERIFY}/certificate.js`,
          'const claims = validate(CertificateClaims, signed.claims, "token_claims_invalid");',
          "const claims = { ok: true, value: signed.claims };",
        ),
      ],
    ],
  ]),
  ...mutantsOf("one-key-signs-one-kind", [
    [
      "any typ is taken",
      "typ",
      edit(`${VERIFY}/gate.js`, "if (header.typ !== typ) return", "if (false) return"),
      // The key of another kind is not found either: only the code tells which of the two refused.
      { test: "no-certificate-no-mutation", filter: "in the certificate's place" },
    ],
    [
      "keys are looked up by kid alone",
      "role",
      edit(
        `${VERIFY}/trust.js`,
        "find: (typ, kid)=>byTypAndKid.get(",
        "find: (typ, kid)=>keys.find((key)=>key.kid === kid) ?? byTypAndKid.get(",
      ),
      { filter: "key does not execute" },
    ],
    [
      "a key may have two roles in the trust file",
      "trust file",
      edit(`${VERIFY}/trust-file.js`, "if (taken.has(entry.kid)) return", "if (false) return"),
      { filter: "gives one key two roles" },
    ],
    [
      "any typ is taken, and keys are looked up by kid alone",
      "all",
      [
        edit(`${VERIFY}/gate.js`, "if (header.typ !== typ) return", "if (false) return"),
        edit(
          `${VERIFY}/trust.js`,
          "find: (typ, kid)=>byTypAndKid.get(",
          "find: (typ, kid)=>keys.find((key)=>key.kid === kid) ?? byTypAndKid.get(",
        ),
      ],
      { filter: "key does not execute" },
    ],
  ]),
  ...mutantsOf("outside-its-window-a-certificate-is-refused", [
    [
      "admission does not look at the window",
      "admission",
      edit(ADMIT, WINDOW_STEP, 'await step("window", ()=>true ? ok(undefined) : checkWindow(claims, {'),
      { filter: "executes until the end" },
    ],
    [
      "the end is forgiven a minute",
      "admission",
      edit(`${VERIFY}/window.js`, "if (!(nowSeconds < exp)) return", "if (!(nowSeconds < exp + 60)) return"),
      { filter: "executes until the end" },
    ],
    [
      "the beginning is forgiven an hour",
      "admission",
      edit(
        `${VERIFY}/window.js`,
        'if (!(nbf <= nowSeconds + skewSeconds)) return fail("not_yet_valid"',
        'if (!(nbf <= nowSeconds + 3600)) return fail("not_yet_valid"',
      ),
      { filter: "waits for its beginning" },
    ],
    [
      "a certificate may live as long as it says",
      "admission",
      edit(`${VERIFY}/window.js`, "if (!(exp - Math.min(iat, nbf) <= maxLifetimeSeconds)) return", "if (false) return"),
      { filter: "refuses what lives longer" },
    ],
    [
      "the guard does not look at the window",
      "guard",
      edit(
        "apps/broker/dist/execution/guard.js",
        "const closed = ports.clock.nowMs() >= claims.exp * 1000 || ports.clock.monotonicMs() >= untilMonotonicMs;",
        "const closed = false;",
      ),
      { filter: "paused before" },
    ],
    [
      "nobody looks at the window",
      "all",
      [
        edit(`${VERIFY}/window.js`, "if (!(nowSeconds < exp)) return", "if (false) return"),
        edit(
          "apps/broker/dist/execution/guard.js",
          "const closed = ports.clock.nowMs() >= claims.exp * 1000 || ports.clock.monotonicMs() >= untilMonotonicMs;",
          "const closed = false;",
        ),
        edit(
          "packages/connector-git/dist/execute.js",
          "if (job.nowMs() >= job.notAfterMs) return",
          "if (false) return",
        ),
        edit("packages/authority/dist/admit.js", "if (request.exp * 1000 <= nowMs) return", "if (false) return"),
      ],
      { filter: "executes until the end|paused before" },
    ],
  ]),
  ...mutantsOf("a-stolen-certificate-is-useless", [
    ["the proof's key is not compared", "key", edit(POSSESSION, KEY_COMPARE, "")],
    [
      "a presentation needs no proof",
      "presence",
      edit(
        POSSESSION,
        'if (presented.proof === undefined) return fail("proof_missing", "a DPoP header is required");',
        "if (presented.proof === undefined) return ok(undefined);",
      ),
    ],
    [
      "the proof need not name the certificate",
      "ath",
      edit(`${VERIFY}/proof.js`, "if (!equalBytes(ath, expected)) return", "if (false) return"),
    ],
    [
      "a proof without ath is taken",
      "ath",
      edit(
        `${VERIFY}/proof.js`,
        "if (ath === undefined && accessToken === undefined) return",
        "if (ath === undefined) return",
      ),
    ],
    [
      "the proof need not name the body",
      "op",
      edit(`${VERIFY}/proof.js`, "if (op !== expected) return", "if (false) return"),
    ],
    [
      "the proof may be for another address",
      "htu",
      edit(`${VERIFY}/proof.js`, "if (!expect.urls.includes(claims.htu)) return", "if (false) return"),
    ],
    [
      "the proof may be for another method",
      "htm",
      edit(`${VERIFY}/proof.js`, "if (claims.htm !== expect.method) return", "if (false) return"),
    ],
    [
      "the proof may be of any age",
      "iat",
      edit(
        `${VERIFY}/proof.js`,
        "if (!(claims.iat <= nowSeconds + SKEW_SECONDS) || !(nowSeconds - claims.iat <= maxAgeSeconds)) return",
        "if (false) return",
      ),
    ],
    [
      "the proof's signature is not checked",
      "signature",
      edit(`${VERIFY}/proof.js`, "if (!await signatureHolds(proof, key.value.key, alg)) return", "if (false) return"),
    ],
    [
      "a proof can be used again",
      "replay",
      edit(`${VERIFY}/replay-window.js`, "if (seen.has(key) || seen.size >= options.maxEntries) return false;", ""),
    ],
    [
      "low-order keys are taken",
      "key",
      edit(`${VERIFY}/public-key.js`, "return sound ? ok(value)", "return true ? ok(value)"),
    ],
    [
      "possession is not checked at all",
      "all",
      edit(
        ADMIT,
        'await step("possession", ()=>checkPossession(broker, presented, claims.cnf.jkt));',
        'await step("possession", ()=>ok(undefined));',
      ),
    ],
  ]),
];
