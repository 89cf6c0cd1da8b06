/** Base64url of RFC 4648 section 5 without padding. */
export function base64urlEncode(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64url");
}

/**
 * Decodes the one spelling that {@link base64urlEncode} gives: only A-Z a-z 0-9 - _, no padding, no white space, unused
 * bits zero. Anything else is undefined, so that one value has one text.
 */
export function base64urlDecode(text: string): Uint8Array | undefined {
  const bytes = Buffer.from(text, "base64url");
  // A copy: small buffers share their memory with others.
  return bytes.toString("base64url") === text ? new Uint8Array(bytes) : undefined;
}
