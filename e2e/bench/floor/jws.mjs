import { createHash, createPublicKey, verify } from "node:crypto";

const parse = (segment) => JSON.parse(Buffer.from(segment, "base64url").toString());

/** Header and claims of a compact JWS whose signature the key that `keyOf(header)` finds has made; undefined otherwise. */
export function open(token, keyOf) {
  const end = token.lastIndexOf(".");
  const [head, body] = token.slice(0, end).split(".");
  const header = parse(head);
  const key = keyOf(header);
  const signature = Buffer.from(token.slice(end + 1), "base64url");
  if (key === undefined || !verify(null, Buffer.from(token.slice(0, end)), key, signature)) return undefined;
  return { header, claims: parse(body) };
}

/** Checks the one signature of a DSSE envelope. */
export function openEnvelope(encoded, key) {
  const { payloadType, payload, signatures } = JSON.parse(Buffer.from(encoded, "base64url").toString());
  const bytes = Buffer.from(payload, "base64");
  const head = Buffer.from(`DSSEv1 ${payloadType.length} ${payloadType} ${bytes.length} `);
  const whole = Buffer.concat([head, bytes]);
  return verify(null, whole, key, Buffer.from(signatures[0].sig, "base64")) ? JSON.parse(bytes.toString()) : undefined;
}

export const importKey = (jwk) => createPublicKey({ key: jwk, format: "jwk" });
export const sha256 = (text) => createHash("sha256").update(text).digest("base64url");
