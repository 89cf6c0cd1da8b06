import { createHash } from "node:crypto";
import canonicalize from "canonicalize";

/** Digest of the wire formats: SHA-256 over prefix, a zero byte and RFC 8785 JSON. Written here again: tests share no code with the product. */
export function digest(prefix: string, value: unknown): string {
  const text = canonicalize(value);
  if (text === undefined) throw new TypeError("not JSON");
  return `sha256:${createHash("sha256").update(`${prefix}\0${text}`).digest("hex")}`;
}

/** `sha256:` of bytes. */
export function digestOfBytes(bytes: Uint8Array | string): string {
  return `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
}

const ALPHABET = "abcdefghijklmnopqrstuvwxyz234567";

/** A fresh identifier of the wire formats: prefix and 26 base32 characters. */
export function freshId(prefix: string): string {
  const bytes = crypto.getRandomValues(new Uint8Array(26));
  return prefix + [...bytes].map((byte) => ALPHABET[byte % 32]).join("");
}

/** Payload of a compact token, unverified. */
export function payloadOf(token: string): Record<string, unknown> {
  return JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString("utf8"));
}
