/** Field prime of P-256 (SEC 2, section 2.4.2). */
const P = 2n ** 256n - 2n ** 224n + 2n ** 192n + 2n ** 96n - 1n;
const B = 0x5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604bn;

function bigEndian(bytes: Uint8Array): bigint {
  let value = 0n;
  for (const byte of bytes) value = (value << 8n) | BigInt(byte);
  return value;
}

/** True when (x, y), 32 bytes each, is a point of P-256 in reduced coordinates. The curve has no small subgroup. */
export function isP256Point(xBytes: Uint8Array, yBytes: Uint8Array): boolean {
  if (xBytes.length !== 32 || yBytes.length !== 32) return false;
  const x = bigEndian(xBytes);
  const y = bigEndian(yBytes);
  return x < P && y < P && (y * y - (x * x * x - 3n * x + B)) % P === 0n;
}
