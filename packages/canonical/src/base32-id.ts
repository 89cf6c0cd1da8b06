const ALPHABET = "abcdefghijklmnopqrstuvwxyz234567";
const BODY = /^[a-z2-7]{26}$/;
const PREFIX = /^[a-z]{1,8}_$/;

/** Random bytes that one identifier needs; 130 of their 136 bits are used. */
export const BASE32_ID_RANDOM_BYTES = 17;

/**
 * An identifier: `prefix` and 26 characters of a-z and 2-7 (130 random bits). Fit for ref names, and for Kubernetes
 * names after the prefix.
 *
 * @param prefix 1 to 8 lower-case letters and an underscore, e.g. `c_`.
 * @param random at least 17 bytes from a cryptographic source; further bytes are ignored.
 * @throws TypeError or RangeError when an argument is not of that shape.
 */
export function base32Id(prefix: string, random: Uint8Array): string {
  if (!PREFIX.test(prefix)) throw new TypeError("base32Id: not a prefix");
  if (random.length < BASE32_ID_RANDOM_BYTES) throw new RangeError("base32Id: too few random bytes");
  let body = "";
  for (let bit = 0; bit < 130; bit += 5) {
    const at = bit >> 3;
    const pair = ((random[at] ?? 0) << 8) | (random[at + 1] ?? 0);
    body += ALPHABET.charAt((pair >> (11 - (bit & 7))) & 31);
  }
  return prefix + body;
}

/** True when `text` is `prefix` followed by 26 characters of a-z and 2-7. */
export function isBase32Id(prefix: string, text: string): boolean {
  return text.startsWith(prefix) && BODY.test(text.slice(prefix.length));
}
