import { createHash } from "node:crypto";
import { respelled, withLargeS, withPart } from "./forge.mjs";
import { keys, now } from "./keys.mjs";

export const rules = { max_age_seconds: 60, skew_seconds: 2 };

const b64 = (data) => Buffer.from(data).toString("base64url");
const op = `sha256:${createHash("sha256").update("a body").digest("hex")}`;
const url = "https://broker.example/v1/executions";
const accessToken = "aaaa.bbbb.cccc";
const ath = b64(createHash("sha256").update(accessToken).digest());

/** The request that most proofs are for. */
const request = {
  method: "POST",
  urls: ["https://other.example/v1/executions", url],
  now,
  op,
  access_token: accessToken,
};
const read = { method: "GET", urls: [url], now };
const claims = { jti: "proof-0000000000000001", htm: "POST", htu: url, iat: now, ath, op };
const readClaims = { jti: "proof-0000000000000002", htm: "GET", htu: url, iat: now };

export function proofs({ proof, compact }, weak) {
  const { agent } = keys;
  const es = keys["agent-es256"];
  const made = (changes = {}, header = {}, by = agent) => proof(by, { ...claims, ...changes }, header);
  const honest = made();
  const valid = [];
  const invalid = [];
  const good = (name, about, token, asked = request, by = agent) =>
    valid.push({ name, about, request: asked, proof: token, jkt: by.kid });
  const bad = (code, name, about, token, asked = request) =>
    invalid.push({ name, about, request: asked, code, proof: token });

  good("ed25519", "Ed25519 under its older name EdDSA.", honest);
  good("ed25519-new-name", "Ed25519 under its name of RFC 9864.", made({}, { alg: "Ed25519" }));
  good("es256", "P-256.", made({}, {}, es), request, es);
  good("read", "A read: no body, no token, hence neither op nor ath.", proof(agent, readClaims), read);
  const spelled = (name, about, htu) => good(name, about, made({ htu }));
  spelled("htu-query", "Query and fragment are not part of the comparison.", `${url}?a=1#b`);
  spelled("htu-case", "Scheme and host in capitals.", "HTTPS://Broker.EXAMPLE/v1/executions");
  spelled("htu-port", "The scheme's own port.", "https://broker.example:443/v1/executions");
  spelled("htu-empty-port", "A colon without a port.", "https://broker.example:/v1/executions");
  spelled("htu-escapes", "Escapes where none are needed.", "https://broker%2Eexample/v1/%65xecutions");
  spelled("htu-dots", "Dot segments.", "https://broker.example/v2/.././v1/x/%2e%2e/executions");
  good("oldest", "Exactly 60 s old.", honest, { ...request, now: now + 60 });
  good("skew", "Two seconds from the future.", honest, { ...request, now: now - 2 });

  const malformed = (name, about, token) => bad("proof_malformed", name, about, token);
  malformed("empty", "No text.", "");
  malformed("padding", "base64 padding.", `${honest}==`);
  malformed(
    "unused-bits",
    "Unused bits of the last character are set.",
    withPart(honest, 2, respelled(honest.split(".")[2])),
  );
  malformed("two-proofs", "Two proofs in one header, as HTTP joins them.", `${honest}, ${honest}`);
  malformed("too-large", "More than 4096 bytes.", made({ htu: `${url}?${"x".repeat(3000)}` }));
  malformed("alg-none", "alg none.", made({}, { alg: "none" }));
  malformed("alg-hs256", "alg HS256.", made({}, { alg: "HS256" }));
  malformed("alg-not-of-key", "ES256 with an Ed25519 key.", made({}, { alg: "ES256" }));
  malformed("typ-jwt", "typ is JWT.", made({}, { typ: "JWT" }));
  malformed("typ-certificate", "typ is a certificate's.", made({}, { typ: "seb-cert+jwt" }));
  malformed("with-kid", "A header with a kid besides.", made({}, { kid: agent.kid }));
  malformed("no-jwk", "No key in the header.", made({}, { jwk: undefined }));
  malformed("crit", "Critical extensions.", made({}, { crit: ["exp"] }));
  malformed(
    "payload-array",
    "The payload is an array.",
    compact(agent, { alg: "EdDSA", typ: "dpop+jwt", jwk: agent.jwk }, [claims]),
  );
  malformed(
    "duplicate-key",
    "htm twice.",
    compact(
      agent,
      { alg: "EdDSA", typ: "dpop+jwt", jwk: agent.jwk },
      JSON.stringify(claims).replace('"htm":', '"htm":"GET","htm":'),
    ),
  );
  bad(
    "proof_key_weak",
    "private-key",
    "The header gives the private key away.",
    made({}, { jwk: { ...agent.jwk, d: b64(Buffer.alloc(32, 1)) } }),
  );
  bad("proof_key_weak", "symmetric-key", "A symmetric key.", made({}, { jwk: { kty: "oct", k: "AAAA" } }));
  bad("proof_key_weak", "rsa-key", "An RSA key.", made({}, { jwk: { kty: "RSA", n: "AQAB", e: "AQAB" } }));
  bad(
    "proof_key_weak",
    "small-order",
    "A point of small order: one signature would fit many messages.",
    compact(agent, { alg: "EdDSA", typ: "dpop+jwt", jwk: weak }, claims),
  );
  bad(
    "proof_signature_invalid",
    "payload-changed",
    "Another address, the old signature.",
    withPart(honest, 1, b64(JSON.stringify({ ...claims, htu: "https://evil.example/" }))),
  );
  bad(
    "proof_signature_invalid",
    "key-swapped",
    "Another agent's key in the header.",
    withPart(honest, 0, b64(JSON.stringify({ alg: "EdDSA", typ: "dpop+jwt", jwk: keys.stranger.jwk }))),
  );
  bad("proof_signature_invalid", "large-s", "S + L for S.", withLargeS(honest));
  bad("proof_signature_invalid", "zero-es256", "64 zero bytes.", withPart(made({}, {}, es), 2, b64(Buffer.alloc(64))));
  for (const name of ["jti", "htm", "htu", "iat"])
    bad("proof_claims_invalid", `missing-${name}`, `No ${name}.`, made({ [name]: undefined }));
  bad("proof_claims_invalid", "missing-op", "No op, though there is a body.", made({ op: undefined }));
  bad("proof_claims_invalid", "missing-ath", "No ath, though a token is presented.", made({ ath: undefined }));
  bad("proof_claims_invalid", "iat-text", "iat is text.", made({ iat: String(now) }));
  bad("proof_claims_invalid", "iat-fraction", "iat has a fraction.", made({ iat: now + 0.5 }));
  bad("proof_claims_invalid", "jti-short", "jti could be guessed.", made({ jti: "1" }));
  bad("proof_claims_invalid", "unknown-claim", "A claim that nobody reads.", made({ nonce: "x" }));
  bad("proof_method_mismatch", "method", "Made for another method.", made({ htm: "GET" }));
  bad("proof_claims_invalid", "method-case", "Methods are written in capitals.", made({ htm: "post" }));
  bad("proof_url_mismatch", "path", "Made for another path.", made({ htu: "https://broker.example/v1/observations" }));
  bad("proof_url_mismatch", "host", "Made for another host.", made({ htu: "https://evil.example/v1/executions" }));
  bad(
    "proof_url_mismatch",
    "trailing-slash",
    "Another path: a slash behind the last segment counts.",
    made({ htu: `${url}/` }),
  );
  bad(
    "proof_url_mismatch",
    "path-case",
    "Another path: its letters keep their case.",
    made({ htu: "https://broker.example/V1/executions" }),
  );
  bad(
    "proof_url_mismatch",
    "escaped-slash",
    "Another path: a reserved character is not its escape.",
    made({ htu: "https://broker.example/v1%2Fexecutions" }),
  );
  bad("proof_url_mismatch", "scheme", "Another scheme.", made({ htu: "http://broker.example/v1/executions" }));
  bad("proof_url_mismatch", "port", "Another port.", made({ htu: "https://broker.example:80/v1/executions" }));
  bad(
    "proof_url_mismatch",
    "user",
    "A user name in front of the host.",
    made({ htu: "https://broker.example@broker.example/v1/executions" }),
  );
  bad(
    "proof_url_mismatch",
    "backslash",
    "Not a URI, though browsers read it as one.",
    made({ htu: "https:\\\\broker.example/v1/executions" }),
  );
  bad("proof_url_mismatch", "relative", "Not absolute.", made({ htu: "/v1/executions" }));
  bad("proof_expired", "too-old", "A millisecond older than 60 s.", honest, { ...request, now: now + 60.001 });
  bad("proof_expired", "future", "Three seconds from the future.", made({ iat: now + 3 }));
  bad(
    "proof_operation_mismatch",
    "other-body",
    "Made for another body.",
    made({ op: op.replace(/.$/, (last) => (last === "0" ? "1" : "0")) }),
  );
  bad(
    "proof_operation_mismatch",
    "surplus-op",
    "op, though there is no body.",
    proof(agent, { ...readClaims, op }),
    read,
  );
  bad(
    "proof_token_mismatch",
    "other-token",
    "Made for another token.",
    made({ ath: b64(createHash("sha256").update("other").digest()) }),
  );
  bad(
    "proof_token_mismatch",
    "surplus-ath",
    "ath, though no token is presented.",
    proof(agent, { ...readClaims, ath }),
    read,
  );
  return { valid, invalid };
}
