/** Field prime of Curve25519 (RFC 8032, section 5.1). */
const P = 2n ** 255n - 19n;
/** The constant d of the twisted Edwards curve -x^2 + y^2 = 1 + d x^2 y^2. */
const D = 37095705934669439343138083508754565189542113879843219016388785533085940283555n;
const SIGN_BIT = 1n << 255n;

/** y of two points of order 8; its negative is y of the other two. */
const ORDER_8_Y = 0x05fc536d880238b13933c6d305acdfd5f098eff289f4c345b027b2c28f95e826n;
/**
 * The y coordinates of the eight points whose order divides 8 (orders 4, 1, 2, 8, 8): with them one signature fits many messages or keys,
 * and nobody needs a private key to make it.
 */
const SMALL_ORDER_Y: ReadonlySet<bigint> = new Set([0n, 1n, P - 1n, ORDER_8_Y, P - ORDER_8_Y]);

function littleEndian(bytes: Uint8Array): bigint {
  let value = 0n;
  for (let at = bytes.length - 1; at >= 0; at -= 1) value = (value << 8n) | BigInt(bytes[at] ?? 0);
  return value;
}

function power(base: bigint, exponent: bigint): bigint {
  let result = 1n;
  let square = base % P;
  for (let left = exponent; left > 0n; left >>= 1n) {
    if (left & 1n) result = (result * square) % P;
    square = (square * square) % P;
  }
  return result;
}

/**
 * True when 32 bytes are the one canonical encoding of a point of the curve (RFC 8032, section 5.1.3) that is not of
 * small order. OpenSSL imports all others too, so an importer has to ask.
 */
export function isSoundEd25519Point(bytes: Uint8Array): boolean {
  if (bytes.length !== 32) return false;
  const y = littleEndian(bytes) & (SIGN_BIT - 1n);
  if (y >= P || SMALL_ORDER_Y.has(y)) return false;
  // x^2 = u/v is a square exactly when u*v is one (Euler's criterion); v is never 0 since -1/d is no square.
  const ySquare = (y * y) % P;
  const product = ((ySquare + P - 1n) * (D * ySquare + 1n)) % P;
  return power(product, (P - 1n) / 2n) === 1n;
}
