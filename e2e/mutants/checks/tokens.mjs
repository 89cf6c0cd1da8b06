import { always, becomes, before, drop, mutantsOf, never } from "./mutant.mjs";

export const TOKENS = [
  ...mutantsOf("no-certificate-no-mutation", [
    [
      "a proof alone is let in as far as the claims",
      "only",
      becomes(
        "packages/agents/src/request.ts",
        "presentedCertificate",
        'fail("token_missing", "The request has no Authorization header.")',
        'ok("none")',
      ),
    ],
    [
      "any scheme of Authorization is taken",
      "only",
      becomes("packages/agents/src/request.ts", "DPOP_CREDENTIALS", "/^dpop +([!-~]+)$/i", "/^[A-Za-z]+ ([!-~]+)$/"),
    ],
  ]),
  ...mutantsOf("a-forged-or-respelled-token-is-refused", [
    [
      "the signature is not checked",
      "signature",
      never(
        "packages/verify-core/src/signature.ts",
        "verifyBy",
        "gated.signatureBytes !== SIGNATURE_BYTES || !(await signatureHolds(gated.token, key.key, key.alg))",
      ),
    ],
    [
      "other spellings of base64url are read",
      "spelling",
      becomes(
        "packages/canonical/src/base64url.ts",
        "base64urlDecode",
        'bytes.toString("base64url") === text ? new Uint8Array(bytes) : undefined',
        "new Uint8Array(bytes)",
      ),
    ],
    [
      "the header may hold more than alg, typ and kid",
      "header",
      becomes(
        "packages/verify-core/src/gate.ts",
        "checkHeader",
        "header === undefined || !hasExactly(header, HEADER_MEMBERS)",
        "header === undefined",
      ),
    ],
    [
      "the header's alg need not be the key's",
      "algorithm",
      never("packages/verify-core/src/signature.ts", "findKey", "key.alg !== gated.alg"),
    ],
    [
      "a token may be of any size",
      "size",
      never("packages/verify-core/src/segments.ts", "splitCompact", "token.length > maxBytes"),
    ],
    [
      "the claims may hold more than the schema",
      "claims",
      becomes(
        "packages/verify-core/src/certificate.ts",
        "certificateClaims",
        'validate(CertificateClaims, signed.claims, "token_claims_invalid")',
        "{ ok: true, value: signed.claims }",
      ),
    ],
    [
      "the audience is not compared with the broker's",
      "audience",
      [
        always("apps/broker/src/admission/admit.ts", "admit", "claims.aud === config.audience"),
        never("packages/verify-core/src/owner.ts", "checkOwner", "claims.aud !== key.aud"),
      ],
    ],
    [
      "the issuer need not own its key",
      "issuer",
      never("packages/verify-core/src/owner.ts", "checkOwner", "claims.iss !== key.name"),
    ],
    [
      "duplicate keys are read",
      "json",
      drop(
        "packages/canonical/src/assembler.ts",
        "Assembler.#key",
        'if (key in frame.value) return this.#scanner.refuse("json_duplicate_key", "the same key twice", at);',
      ),
    ],
    [
      "neither spelling nor signature nor claims are checked",
      "all",
      [
        never(
          "packages/verify-core/src/signature.ts",
          "verifyBy",
          "gated.signatureBytes !== SIGNATURE_BYTES || !(await signatureHolds(gated.token, key.key, key.alg))",
        ),
        becomes(
          "packages/canonical/src/base64url.ts",
          "base64urlDecode",
          'bytes.toString("base64url") === text ? new Uint8Array(bytes) : undefined',
          "new Uint8Array(bytes)",
        ),
        becomes(
          "packages/verify-core/src/certificate.ts",
          "certificateClaims",
          'validate(CertificateClaims, signed.claims, "token_claims_invalid")',
          "{ ok: true, value: signed.claims }",
        ),
      ],
    ],
  ]),
  ...mutantsOf("one-key-signs-one-kind", [
    [
      "any typ is taken",
      "typ",
      never("packages/verify-core/src/gate.ts", "checkHeader", "header.typ !== typ"),
      // The key of another kind is not found either: only the code tells which of the two refused.
      { test: "no-certificate-no-mutation", filter: "in the certificate's place" },
    ],
    [
      "keys are looked up by kid alone",
      "role",
      becomes(
        "packages/verify-core/src/trust.ts",
        "trustOf.find",
        "byTypAndKid.get(`${typ} ${kid}`)",
        "keys.find((key) => key.kid === kid) ?? byTypAndKid.get(`${typ} ${kid}`)",
      ),
      { filter: "key does not execute" },
    ],
    [
      "a key may have two roles in the trust file",
      "trust file",
      never("packages/verify-core/src/trust-file.ts", "importKeys", "taken.has(entry.kid)"),
      { filter: "gives one key two roles" },
    ],
    [
      "any typ is taken, and keys are looked up by kid alone",
      "all",
      [
        never("packages/verify-core/src/gate.ts", "checkHeader", "header.typ !== typ"),
        becomes(
          "packages/verify-core/src/trust.ts",
          "trustOf.find",
          "byTypAndKid.get(`${typ} ${kid}`)",
          "keys.find((key) => key.kid === kid) ?? byTypAndKid.get(`${typ} ${kid}`)",
        ),
      ],
      { filter: "key does not execute" },
    ],
  ]),
  ...mutantsOf("outside-its-window-a-certificate-is-refused", [
    [
      "admission does not look at the window",
      "admission",
      drop(
        "apps/broker/src/admission/admit.ts",
        "admit",
        'await step("window", () => checkWindow(claims, { nowSeconds: nowSeconds(), skewSeconds: CLOCK_SKEW.tokenSeconds, maxLifetimeSeconds: config.max_lifetime_seconds }));',
      ),
      { filter: "executes until the end" },
    ],
    [
      "the end is forgiven a minute",
      "admission",
      becomes("packages/verify-core/src/window.ts", "checkWindow", "nowSeconds < exp", "nowSeconds < exp + 60"),
      { filter: "executes until the end" },
    ],
    [
      "the beginning is forgiven an hour",
      "admission",
      becomes(
        "packages/verify-core/src/window.ts",
        "checkWindow",
        "nbf <= nowSeconds + skewSeconds",
        "nbf <= nowSeconds + 3600",
      ),
      { filter: "waits for its beginning" },
    ],
    [
      "a certificate may live as long as it says",
      "admission",
      never("packages/verify-core/src/window.ts", "checkWindow", "!(exp - Math.min(iat, nbf) <= maxLifetimeSeconds)"),
      { filter: "refuses what lives longer" },
    ],
    [
      "the guard does not look at the window",
      "guard",
      never(
        "apps/broker/src/execution/guard.ts",
        "createGuard.window",
        "broker.clock.nowMs() >= claims.exp * 1000 || broker.clock.monotonicMs() >= untilMonotonicMs",
      ),
      { filter: "paused before" },
    ],
    [
      "nobody looks at the window",
      "all",
      [
        never("packages/verify-core/src/window.ts", "checkWindow", "!(nowSeconds < exp)"),
        never(
          "apps/broker/src/execution/guard.ts",
          "createGuard.window",
          "broker.clock.nowMs() >= claims.exp * 1000 || broker.clock.monotonicMs() >= untilMonotonicMs",
        ),
        never("packages/connector-git/src/execute.ts", "mayNotSend", "job.nowMs() >= job.notAfterMs"),
        never("packages/authority/src/admit.ts", "checkSingleUse", "request.exp * 1000 <= nowMs"),
      ],
      { filter: "executes until the end|paused before" },
    ],
  ]),
  ...mutantsOf("a-proof-is-read-as-its-standards-say", [
    [
      "a proof for GET is taken for HEAD",
      "htm",
      becomes(
        "packages/agents/src/request.ts",
        "provenRequest",
        "method: head.method",
        'method: head.method === "HEAD" ? "GET" : head.method',
      ),
    ],
    [
      "an address is compared as text",
      "htu",
      becomes("packages/verify-core/src/proof.ts", "matchesAddress", "normalizedHtu(htu)", "htu"),
    ],
    [
      "another port is the same address",
      "htu",
      always("packages/verify-core/src/htu.ts", "normalizedHtu", "port === DEFAULT_PORTS[name]"),
    ],
    [
      "the scheme's name has one spelling",
      "scheme",
      becomes("packages/agents/src/request.ts", "DPOP_CREDENTIALS", "/^dpop +([!-~]+)$/i", "/^DPoP +([!-~]+)$/"),
    ],
  ]),
  ...mutantsOf("a-stolen-certificate-is-useless", [
    [
      "the proof's key is not compared",
      "key",
      drop(
        "packages/agents/src/possession.ts",
        "createPossession.check",
        'if (proven.value.jkt !== jkt) return fail("proof_key_mismatch", "The proof was made with another key.");',
      ),
    ],
    [
      "a presentation needs no proof",
      "presence",
      before(
        "packages/agents/src/possession.ts",
        "createPossession.check",
        "const proven = await verify(request, request.certificate);",
        "if (request.proof === undefined) return ok(undefined);",
      ),
    ],
    [
      "the proof need not name the certificate",
      "ath",
      never("packages/verify-core/src/proof.ts", "matchesToken", "!equalBytes(ath, expected)"),
    ],
    [
      "a proof without ath is taken",
      "ath",
      becomes(
        "packages/verify-core/src/proof.ts",
        "matchesToken",
        "ath === undefined && accessToken === undefined",
        "ath === undefined",
      ),
    ],
    [
      "the proof need not name the body",
      "op",
      never("packages/verify-core/src/proof.ts", "matchesOperation", "op !== expected"),
    ],
    [
      "the proof may be for another address",
      "htu",
      always("packages/verify-core/src/proof.ts", "matchesAddress", "found !== undefined && expected.includes(found)"),
    ],
    [
      "the proof may be for another method",
      "htm",
      never("packages/verify-core/src/proof.ts", "matchesRequest", "claims.htm !== expect.method"),
    ],
    [
      "the proof may be of any age",
      "iat",
      never(
        "packages/verify-core/src/proof.ts",
        "matchesRequest",
        "!(claims.iat <= nowSeconds + CLOCK_SKEW.tokenSeconds) || !(nowSeconds - claims.iat <= maxAgeSeconds)",
      ),
    ],
    [
      "the proof's signature is not checked",
      "signature",
      never("packages/verify-core/src/proof.ts", "verifyProof", "!(await signatureHolds(proof, key.value.key, alg))"),
    ],
    [
      "a proof can be used again",
      "replay",
      drop(
        "packages/verify-core/src/replay-window.ts",
        "createReplayWindow.admit",
        "if (seen.has(key) || seen.size >= options.maxEntries) return false;",
      ),
    ],
    ["low-order keys are taken", "key", always("packages/verify-core/src/public-key.ts", "acceptableJwk", "sound")],
    [
      "possession is not checked at all",
      "all",
      becomes(
        "apps/broker/src/admission/admit.ts",
        "admit",
        "broker.possession.check(presented, claims.cnf.jkt)",
        "ok(undefined)",
      ),
    ],
  ]),
];
