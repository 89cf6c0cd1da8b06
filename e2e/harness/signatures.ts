// Other spellings of signatures, which a verifier may take for the same one.

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/** The character of base64url that decodes to the same bits at the end of 64 bytes. */
export function withUnusedBits(last: string): string {
  return ALPHABET.charAt(ALPHABET.indexOf(last) ^ 1);
}

/** Ed25519: S + L is the same number modulo the group's order L, and no canonical signature (RFC 8032, section 5.1.7). */
export function plusGroupOrder(signature: Buffer): Buffer {
  const order = 2n ** 252n + 27742317777372353535851937790883648493n;
  let value = BigInt(`0x${Buffer.from(signature.subarray(32)).reverse().toString("hex")}`) + order;
  const scalar = Buffer.alloc(32);
  for (let at = 0; at < 32; at += 1) {
    scalar[at] = Number(value & 255n);
    value >>= 8n;
  }
  return Buffer.concat([signature.subarray(0, 32), scalar]);
}

/** ECDSA accepts (r, n - s) wherever it accepts (r, s): another signature of the same claims. */
export function otherEcdsaSignature(token: string): string {
  const n = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
  const [header, payload, old] = token.split(".");
  const signature = Buffer.from(String(old), "base64url");
  const s = n - BigInt(`0x${signature.subarray(32).toString("hex")}`);
  const other = Buffer.concat([signature.subarray(0, 32), Buffer.from(s.toString(16).padStart(64, "0"), "hex")]);
  return `${header}.${payload}.${other.toString("base64url")}`;
}
