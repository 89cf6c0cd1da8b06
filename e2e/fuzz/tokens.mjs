import { createHash, createPrivateKey, sign } from "node:crypto";
import canonicalize from "canonicalize";

const encode = (value) => Buffer.from(typeof value === "string" ? value : JSON.stringify(value)).toString("base64url");

/** Digest of the wire formats: SHA-256 over prefix, a zero byte and RFC 8785 JSON. */
export function digest(prefix, value) {
  return `sha256:${createHash("sha256")
    .update(`${prefix}\0${canonicalize(value)}`)
    .digest("hex")}`;
}

/** An Ed25519 key of a key file, with what signing needs of it. */
export function loadKey(file) {
  const { d: _, ...jwk } = file.jwk;
  const kid = createHash("sha256")
    .update(canonicalize({ crv: jwk.crv, kty: jwk.kty, x: jwk.x }))
    .digest("base64url");
  return { name: file.name, jwk, kid, key: createPrivateKey({ key: file.jwk, format: "jwk" }) };
}

/** A compact JWS over any header and payload. */
export function jws(key, header, payload) {
  const signed = `${encode(header)}.${encode(payload)}`;
  return `${signed}.${sign(null, Buffer.from(signed), key.key).toString("base64url")}`;
}

/** A SEB token of a kind. */
export const seal = (key, typ, claims) => jws(key, { alg: "Ed25519", typ, kid: key.kid }, claims);

/** A proof of possession for one request; `change` may spoil its header and claims. */
export function proof(key, request, change = (it) => it) {
  const { header, claims } = change({
    header: { typ: "dpop+jwt", alg: "EdDSA", jwk: key.jwk },
    claims: {
      jti: request.jti,
      htm: request.method,
      htu: request.url,
      iat: Math.floor(Date.now() / 1000),
      ...(request.op === undefined ? {} : { op: request.op }),
      ...(request.token === undefined ? {} : { ath: createHash("sha256").update(request.token).digest("base64url") }),
    },
  });
  return jws(key, header, claims);
}
