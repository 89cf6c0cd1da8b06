import { createHash, timingSafeEqual } from "node:crypto";

// UTF-16, not UTF-8: the latter would turn different lone surrogates into the same replacement character.
function fingerprint(text: string): Uint8Array {
  return new Uint8Array(createHash("sha256").update(text, "utf16le").digest());
}

/** Compares two strings in a time that depends on their lengths only, not on where they first differ. */
export function equalBytes(a: string, b: string): boolean {
  return timingSafeEqual(fingerprint(a), fingerprint(b));
}
