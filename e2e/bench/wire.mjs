// What agents send, to the product and to the floor alike: keys, proofs, one kept connection per worker.
import { createHash, createPrivateKey, generateKeyPairSync, randomBytes, sign } from "node:crypto";
import { Agent, request } from "node:http";
import canonicalize from "canonicalize";

const text = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
const sha256 = (value) => createHash("sha256").update(value);

/** Digest of the wire formats. */
export const digest = (prefix, value) => `sha256:${sha256(`${prefix}\0${canonicalize(value)}`).digest("hex")}`;

/** A fresh Ed25519 key: private JWK, public JWK, thumbprint (RFC 7638), handle. */
export function newKey() {
  const { privateKey } = generateKeyPairSync("ed25519");
  const { kty, crv, x, d } = privateKey.export({ format: "jwk" });
  return { jwk: { kty, crv, x, d }, publicJwk: { kty, crv, x }, kid: thumbprint({ kty, crv, x }), privateKey };
}

/** RFC 7638 thumbprint of a public Ed25519 JWK. */
export const thumbprint = ({ crv, kty, x }) => sha256(JSON.stringify({ crv, kty, x })).digest("base64url");

/** A compact JWS. */
export function jws(header, claims, privateKey) {
  const input = `${text(header)}.${text(claims)}`;
  return `${input}.${sign(null, Buffer.from(input), privateKey).toString("base64url")}`;
}

/** A proof of possession (RFC 9449) with the claim `op`. */
export function proof(key, { url, op, certificate }) {
  const ath = certificate === undefined ? {} : { ath: sha256(certificate).digest("base64url") };
  const jti = randomBytes(18).toString("base64url");
  const claims = { jti, htm: "POST", htu: url, iat: Math.floor(Date.now() / 1000), op, ...ath };
  return jws({ alg: "EdDSA", typ: "dpop+jwt", jwk: key.publicJwk }, claims, key.privateKey);
}

/** An evidence entry: an in-toto test result in a DSSE envelope, signed by the builder. */
export function attestation(builder, name, imageDigest) {
  const statement = {
    _type: "https://in-toto.io/Statement/v1",
    subject: [{ name, digest: { sha256: imageDigest.slice("sha256:".length) } }],
    predicateType: "https://in-toto.io/attestation/test-result/v0.1",
    predicate: { result: "PASSED", finishedOn: new Date(Date.now() - 60_000).toISOString(), configuration: [] },
  };
  const payload = Buffer.from(JSON.stringify(statement));
  const payloadType = "application/vnd.in-toto+json";
  const head = Buffer.from(`DSSEv1 ${payloadType.length} ${payloadType} ${payload.length} `);
  const key = createPrivateKey({ key: builder.jwk, format: "jwk" });
  const sig = sign(null, Buffer.concat([head, payload]), key).toString("base64");
  const envelope = { payloadType, payload: payload.toString("base64"), signatures: [{ keyid: builder.kid, sig }] };
  return { type: "attestation", envelope: Buffer.from(JSON.stringify(envelope)).toString("base64url") };
}

/** POSTs JSON over kept connections. `post(url, body, key, more)` proves possession of the key and answers the parsed body. */
export function createClient() {
  const agent = new Agent({ keepAlive: true, maxSockets: 64 });
  const send = (url, body, headers) =>
    new Promise((resolve, reject) => {
      const outgoing = request(url, { method: "POST", agent, headers: { ...headers, "content-length": body.length } });
      outgoing.on("error", reject);
      outgoing.on("response", (incoming) => {
        const chunks = [];
        incoming.on("data", (chunk) => chunks.push(chunk));
        incoming.on("error", reject);
        incoming.on("end", () => resolve({ status: incoming.statusCode, text: Buffer.concat(chunks).toString() }));
      });
      outgoing.end(body);
    });
  return {
    async post(url, body, key, { certificate, headers = {} } = {}) {
      const dpop = proof(key, { url, op: digest("seb-op-v1", body), certificate });
      const authorization = certificate === undefined ? {} : { authorization: `DPoP ${certificate}` };
      const all = { "content-type": "application/json", dpop, ...authorization, ...headers };
      const answer = await send(url, Buffer.from(JSON.stringify(body)), all);
      return { status: answer.status, body: JSON.parse(answer.text) };
    },
    close: () => agent.destroy(),
  };
}
