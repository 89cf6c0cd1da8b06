import { createHmac } from "node:crypto";
import { claims, contract, digest, ofSize } from "./claims.mjs";
import { respelled, withDerSignature, withLargeS, withOtherS, withPart } from "./forge.mjs";
import { broker, keys, now } from "./keys.mjs";

const typ = "seb-cert+jwt";
const b64 = (data) => Buffer.from(data).toString("base64url");

const without = (name) => Object.fromEntries(Object.entries(claims).filter(([key]) => key !== name));

export function certificates({ token, compact }) {
  const { signer } = keys;
  const es = keys["signer-es256"];
  const cert = (changes = {}, header = {}, by = signer) => token(by, typ, { ...claims, ...changes }, header);
  const raw = (payload, by = signer) => token(by, typ, payload);
  const honest = cert();
  const [head, body, signature] = honest.split(".");
  const input = `${head}.${body}`;
  const valid = [];
  const invalid = [];
  const good = (name, about, made, at = now) => valid.push({ name, about, now: at, token: made });
  const bad = (code, name, about, made, at = now) => invalid.push({ name, about, now: at, code, token: made });

  good("ed25519", "An ordinary certificate, read in the second it was issued.", honest);
  good("es256", "The same, signed by a P-256 key.", cert({}, {}, es));
  good(
    "es256-other-s",
    "ES256 with n - s for s: valid too. Remember used certificates by (iss, jti), never by their text.",
    withOtherS(cert({}, {}, es)),
  );
  good("first-moment-with-skew", "Two seconds before nbf: the tolerated skew.", honest, now - 2);
  good("last-millisecond", "The window is open until just before exp.", honest, now + 89.999);
  good("later-start", "nbf may lie behind iat.", cert({ nbf: now + 30 }), now + 28);
  good("longest-life", "Exactly the longest life.", cert({ exp: now + 120 }));
  good("on-behalf", "With act: the agent acts for somebody.", cert({ act: { sub: "person:dana" } }));
  good("shadow", "Of mode shadow: authentic, though it can never execute.", cert({ mode: "shadow" }));
  good(
    "consumes-approvals",
    "With identifiers that are consumed with it.",
    cert({ once: [{ id: "a_bbbbbbbbbbbbbbbbbbbbbbbbbb", until: now + 3600 }] }),
  );
  good(
    "nothing-open",
    "Empty maps and lists where they are allowed.",
    cert({
      scope: {},
      evidence: { digest: digest("none"), facts: {} },
      contract: { ...contract, open: {}, precondition: {} },
    }),
  );
  good(
    "header-order",
    "The header's members in another order: still exactly three.",
    compact(signer, { kid: signer.kid, typ, alg: "Ed25519" }, claims),
  );
  good(
    "payload-white-space",
    "JSON may be written with white space: what is signed is the text.",
    raw(JSON.stringify(claims, null, 2)),
  );
  good(
    "payload-escapes",
    "Escaped and plain letters mean the same.",
    raw(JSON.stringify(claims).replace('"deploy"', '"\\u0064eploy"')),
  );
  good(
    "unicode",
    "Text beyond ASCII, outside the basic plane too.",
    cert({ scope: { note: "d\u00e9ploy\u00e9 \u{1f680}" } }),
  );
  good(
    "largest",
    "Exactly 6144 bytes.",
    ofSize((made) => raw(made), 6144),
  );
  good(
    "largest-numbers",
    "Counters up to 2^53 - 1.",
    cert({ epochs: { global: 9007199254740991, subject: 9007199254740991 } }),
  );
  good(
    "exponent",
    "1e2 is the integer 100.",
    raw(JSON.stringify({ ...claims, tier: 2 }).replace('"epoch":3', '"epoch":3e0')),
  );

  const malformed = (name, about, made) => bad("token_malformed", name, about, made);
  malformed("empty", "No text at all.", "");
  malformed("one-segment", "Only a header.", head);
  malformed("two-segments", "Header and payload only.", input);
  malformed("four-segments", "One segment too many.", `${honest}.AAAA`);
  malformed("five-segments", "Five segments, as of a JWE.", `${head}.${body}.AAAA.AAAA.AAAA`);
  malformed("empty-header", "The header is missing.", `.${body}.${signature}`);
  malformed("detached", "The payload is detached (RFC 7515, appendix F).", `${head}..${signature}`);
  malformed("empty-signature", "The signature is missing.", `${input}.`);
  malformed(
    "alg-none-unsigned",
    "alg none as RFC 7519 section 6 writes it.",
    `${b64(JSON.stringify({ alg: "none", typ, kid: signer.kid }))}.${body}.`,
  );
  malformed(
    "general-json",
    "JWS general JSON serialization.",
    JSON.stringify({ payload: body, signatures: [{ protected: head, signature }] }),
  );
  malformed(
    "flattened-json",
    "JWS flattened JSON serialization.",
    JSON.stringify({ payload: body, protected: head, signature }),
  );
  malformed("padding", "base64 padding behind the signature.", `${honest}==`);
  malformed("padding-inside", "base64 padding behind the header.", `${head}=.${body}.${signature}`);
  malformed("trailing-newline", "A newline at the end.", `${honest}\n`);
  malformed("leading-space", "A space at the start.", ` ${honest}`);
  malformed(
    "inner-newline",
    "A newline inside the payload.",
    `${head}.${body.slice(0, 40)}\n${body.slice(40)}.${signature}`,
  );
  malformed(
    "plain-base64",
    "+ and / instead of - and _.",
    cert({ scope: { note: "\u00fb\u00ff\u00fe???>>>" } })
      .replaceAll("-", "+")
      .replaceAll("_", "/"),
  );
  malformed("unused-bits-signature", "Unused bits of the last character are set.", `${input}.${respelled(signature)}`);
  const odd = [claims, { ...claims, tier: 2 }, { ...claims, tier: 0, mode: "shadow" }]
    .map((made) => raw(made))
    .find((made) => made.split(".")[1].length % 4 !== 0);
  malformed(
    "unused-bits-payload",
    "Unused bits at the end of the payload are set.",
    withPart(odd, 1, respelled(odd.split(".")[1])),
  );
  malformed("impossible-length", "A segment of 4n + 1 characters.", `${honest}AAA`);
  malformed("non-ascii", "A letter that looks like another.", `${head}.${body}.${signature.slice(1)}\u0430`);
  malformed("nul", "A zero byte at the end.", `${honest}\u0000`);
  malformed("dots", "Nothing but dots.", ".".repeat(64));
  malformed("nested", "The payload is itself a compact token.", raw(honest));
  malformed("payload-array", "The payload is an array.", raw([claims]));
  malformed("payload-null", "The payload is null.", raw("null"));
  malformed("payload-not-json", "The payload is text.", raw("deploy checkout"));
  malformed(
    "payload-duplicate-key",
    "The payload names aud twice.",
    raw(JSON.stringify(claims).replace('"aud":', '"aud":"broker:elsewhere","aud":')),
  );
  malformed(
    "payload-duplicate-key-escaped",
    "The same key, once plain and once escaped.",
    raw(JSON.stringify(claims).replace('"aud":', '"a\\u0075d":"broker:elsewhere","aud":')),
  );
  malformed("payload-trailing", "Something follows the object.", raw(`${JSON.stringify(claims)}{}`));
  malformed("payload-bom", "A byte order mark.", raw(`\ufeff${JSON.stringify(claims)}`));
  malformed(
    "payload-invalid-utf8",
    "Bytes that are not UTF-8.",
    raw(Buffer.from(JSON.stringify(claims).replace("#4182", "\u00ff"), "latin1")),
  );
  malformed(
    "payload-lone-surrogate",
    "Half of a surrogate pair.",
    raw(JSON.stringify(claims).replace("#4182", "\\ud800")),
  );
  malformed("payload-infinite", "exp is 1e999.", raw(JSON.stringify(claims).replace(/"exp":\d+/, '"exp":1e999')));
  malformed(
    "payload-nan",
    "exp is NaN, which is no JSON.",
    raw(JSON.stringify(claims).replace(/"exp":\d+/, '"exp":NaN')),
  );
  malformed(
    "payload-unsafe-integer",
    "An integer beyond 2^53 - 1.",
    raw(JSON.stringify(claims).replace('"global":7', '"global":9007199254740993')),
  );
  malformed(
    "payload-too-deep",
    "33 nested arrays.",
    raw(JSON.stringify(claims).replace('"scope":', `"deep":${"[".repeat(32)}${"]".repeat(32)},"scope":`)),
  );
  bad(
    "token_too_large",
    "too-large",
    "6146 bytes, honestly signed (no token has 6145).",
    ofSize((made) => raw(made), 6146),
  );

  for (const alg of ["none", "None", "NONE", "nOnE", "HS256", "RS256", "ES384", "EdDSA", "ed25519", "Ed25519 ", ""])
    bad(
      "token_alg_not_allowed",
      `alg-${alg.trim() || "empty"}${alg.endsWith(" ") ? "-space" : ""}`,
      `alg is "${alg}".`,
      cert({}, { alg }),
    );
  const hmacInput = `${b64(JSON.stringify({ alg: "HS256", typ, kid: signer.kid }))}.${body}`;
  const mac = createHmac("sha256", Buffer.from(signer.jwk.x, "base64url")).update(hmacInput).digest();
  bad("token_alg_not_allowed", "hs256-with-public-key", "HMAC keyed with the public key.", `${hmacInput}.${b64(mac)}`);
  bad(
    "token_alg_not_allowed",
    "alg-swapped-to-es256",
    "An Ed25519 key under the label ES256.",
    cert({}, { alg: "ES256" }),
  );
  bad(
    "token_alg_not_allowed",
    "alg-swapped-to-ed25519",
    "A P-256 key under the label Ed25519.",
    cert({}, { alg: "Ed25519" }, es),
  );
  bad(
    "token_alg_not_allowed",
    "alg-none-unknown-key",
    "alg none, and a key that nobody trusts.",
    cert({}, { alg: "none" }, keys.stranger),
  );
  bad("token_alg_not_allowed", "alg-number", "alg is a number.", cert({}, { alg: 1 }));

  const header = (name, about, changes) => bad("token_header_invalid", name, about, cert({}, changes));
  header("alg-missing", "No alg.", { alg: undefined });
  header("typ-missing", "No typ.", { typ: undefined });
  header("kid-missing", "No kid.", { kid: undefined });
  header("header-jwk", "A key in the header.", { jwk: signer.jwk });
  header("header-jku", "A key's address in the header.", { jku: "http://127.0.0.1:9/jwks.json" });
  header("header-x5u", "A certificate's address in the header.", { x5u: "http://127.0.0.1:9/cert.pem" });
  header("header-x5c", "A certificate in the header.", { x5c: ["MIIB"] });
  header("header-crit", "Critical extensions.", { crit: ["exp"] });
  header("header-b64", "An unencoded payload (RFC 7797).", { b64: false, crit: ["b64"] });
  header("header-zip", "A compressed payload.", { zip: "DEF" });
  header("header-cty", "A content type.", { cty: "JWT" });
  header("kid-path", "kid is a path.", { kid: "../../../../etc/passwd" });
  header("kid-sql", "kid is SQL.", { kid: "' OR '1'='1" });
  header("kid-proto", "kid is __proto__.", { kid: "__proto__" });
  header("kid-constructor", "kid is constructor.", { kid: "constructor" });
  header("kid-empty", "kid is empty.", { kid: "" });
  header("kid-array", "kid is a list.", { kid: [signer.kid] });
  const headerText = (name, about, made) => bad("token_header_invalid", name, about, compact(signer, made, claims));
  headerText(
    "header-duplicate-alg",
    "The header names alg twice.",
    `{"alg":"none","alg":"Ed25519","typ":"${typ}","kid":"${signer.kid}"}`,
  );
  headerText("header-array", "The header is an array.", "[]");
  headerText("header-not-json", "The header is not JSON.", "Ed25519");
  headerText(
    "header-bom",
    "The header starts with a byte order mark.",
    `\ufeff${JSON.stringify({ alg: "Ed25519", typ, kid: signer.kid })}`,
  );
  headerText(
    "header-proto",
    "The header has a member __proto__.",
    `{"__proto__":{},"alg":"Ed25519","typ":"${typ}","kid":"${signer.kid}"}`,
  );

  for (const other of [
    "JWT",
    "SEB-CERT+JWT",
    "application/seb-cert+jwt",
    "seb-status+jws",
    "seb-record+jws",
    "dpop+jwt",
    "",
  ])
    bad("token_typ_not_allowed", `typ-${other || "empty"}`, `typ is "${other}".`, cert({}, { typ: other }));
  bad("token_key_unknown", "kid-unknown", "Nobody trusts this key.", cert({}, {}, keys.stranger));
  for (const id of ["observer", "status", "record", "alice", "owner-1", "agent", "carol"])
    bad("token_key_unknown", `signed-by-${id}`, `Signed with the key of another role (${id}).`, cert({}, {}, keys[id]));
  bad("token_key_expired", "key-expired", "The key's own validity is over.", cert({}, {}, keys["signer-past"]));
  bad(
    "token_key_expired",
    "key-not-yet-valid",
    "The key's own validity has not begun.",
    cert({}, {}, keys["signer-future"]),
  );

  const forged = (name, about, made) => bad("token_signature_invalid", name, about, made);
  const flip = (at) => {
    const bytes = Buffer.from(signature, "base64url");
    bytes[at] ^= 1;
    return b64(bytes);
  };
  forged("signature-bit", "One bit of R differs.", `${input}.${flip(0)}`);
  forged("signature-bit-s", "One bit of S differs.", `${input}.${flip(40)}`);
  forged("signature-zero-ed25519", "64 zero bytes.", `${input}.${b64(Buffer.alloc(64))}`);
  forged(
    "signature-zero-es256",
    "64 zero bytes for ES256 (CVE-2022-21449).",
    withPart(cert({}, {}, es), 2, b64(Buffer.alloc(64))),
  );
  forged("signature-der", "ES256 in DER.", withDerSignature(cert({}, {}, es)));
  forged("signature-short", "63 bytes.", `${input}.${b64(Buffer.from(signature, "base64url").subarray(0, 63))}`);
  forged(
    "signature-long",
    "65 bytes.",
    `${input}.${b64(Buffer.concat([Buffer.from(signature, "base64url"), Buffer.alloc(1)]))}`,
  );
  forged("signature-large-s", "S + L for S.", withLargeS(honest));
  forged(
    "signature-of-another",
    "The signature of another certificate.",
    withPart(honest, 2, cert({ tier: 0 }).split(".")[2]),
  );
  forged(
    "payload-changed",
    "40 replicas where 12 were signed.",
    withPart(honest, 1, b64(JSON.stringify({ ...claims, scope: { ...claims.scope, max_replicas: 40 } }))),
  );
  forged(
    "payload-respaced",
    "The same claims with a space more.",
    withPart(honest, 1, b64(`${JSON.stringify(claims)} `)),
  );
  forged("kid-swapped", "Another trusted key's kid.", cert({}, { kid: keys["signer-elsewhere"].kid }));

  const claim = (name, about, changes) => bad("token_claims_invalid", name, about, cert(changes));
  for (const name of [
    "ver",
    "jti",
    "iss",
    "aud",
    "sub",
    "iat",
    "nbf",
    "exp",
    "scope",
    "contract",
    "once",
    "mode",
    "cnf",
  ])
    bad("token_claims_invalid", `missing-${name}`, `No ${name}.`, raw(without(name)));
  claim("exp-text", "exp is text.", { exp: String(now + 90) });
  claim("exp-fraction", "exp has a fraction.", { exp: now + 89.5 });
  claim("exp-negative", "exp is negative.", { exp: -1 });
  claim("exp-far", "exp is beyond 2^40.", { exp: 2 ** 41 });
  claim("ver-2", "A version that is not known yet.", { ver: 2 });
  claim("unknown-claim", "A claim that the schema does not know.", { admin: true });
  claim("jti-short", "jti is too short.", { jti: "c_aaaa" });
  claim("jti-newline", "jti ends with a newline.", { jti: "c_aaaaaaaaaaaaaaaaaaaaaaaaaa\n" });
  claim("aud-list", "aud is a list.", { aud: [broker] });
  claim("sub-person", "sub is no agent.", { sub: "person:alice" });
  claim("action-case", "The action in capitals.", { action: "Deploy" });
  claim("action-look-alike", "The action with a Cyrillic letter.", { action: "d\u0435ploy" });
  claim("resource-slash", "The resource with a trailing slash.", { resource: `${contract.resource}/` });
  claim("scope-nested", "A scope value is an object.", { scope: { image_digest: { $gt: "" } } });
  claim("scope-control-character", "A scope value holds a newline.", { scope: { note: "a\nb" } });
  claim("tier-4", "A tier that does not exist.", { tier: 4 });
  claim("mode-unknown", "A mode that does not exist.", { mode: "live" });
  claim("cnf-extra", "cnf confirms something else too.", { cnf: { jkt: keys.agent.kid, kid: "x" } });
  claim("once-many", "More consumed identifiers than allowed.", {
    once: Array.from({ length: 9 }, (_, index) => ({ id: `a_${index}`, until: now })),
  });
  claim("contract-extra", "The contract has a member that it does not know.", {
    contract: { ...contract, sudo: true },
  });
  bad(
    "token_claims_invalid",
    "proto-claim",
    "A claim named __proto__.",
    raw(JSON.stringify(claims).replace('"tier":', '"__proto__":{"tier":0},"tier":')),
  );
  claim("window-empty", "exp equals nbf.", { nbf: now + 90 });
  claim("window-negative", "exp lies before nbf.", { nbf: now + 100 });

  bad("issuer_wrong", "issuer-other", "iss is not the owner of the key.", cert({ iss: "signer:elsewhere" }));
  bad("audience_wrong", "audience-other", "The key does not serve that audience.", cert({ aud: "broker:elsewhere" }));
  bad(
    "audience_wrong",
    "other-environment",
    "An honest certificate of another environment.",
    cert({ iss: "signer:elsewhere", aud: "broker:elsewhere" }, {}, keys["signer-elsewhere"]),
  );
  bad("lifetime_too_long", "life-one-second-too-long", "121 s where 120 are allowed.", cert({ exp: now + 121 }));
  bad(
    "audience_wrong",
    "key-of-another-environment",
    "Another environment's key signs for this one.",
    cert({ iss: "signer:elsewhere" }, {}, keys["signer-elsewhere"]),
  );
  bad(
    "lifetime_too_long",
    "life-hidden-by-nbf",
    "nbf is late, but iat shows the whole life.",
    cert({ nbf: now + 3000, exp: now + 3060 }),
    now + 3010,
  );
  bad("issued_in_future", "issued-in-future", "iat is 3 s ahead.", cert({ iat: now + 3 }));
  bad("issued_in_future", "first-moment-missed", "A millisecond earlier than the skew allows.", honest, now - 2.001);
  bad("not_yet_valid", "not-yet-valid", "nbf is 3 s ahead.", cert({ nbf: now + 3 }));
  bad("expired", "at-exp", "At exp itself: no skew there.", honest, now + 90);
  bad("expired", "long-expired", "An hour later.", honest, now + 3600);
  return { valid, invalid };
}
