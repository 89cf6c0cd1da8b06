// Public keys that OpenSSL imports and that no reader of SEB may accept.
import { thumbprint } from "./keys.mjs";

const prime = 2n ** 255n - 19n;
/** As the C2SP's community vectors (CCTV, ed25519) list them: y of the points of order 8, big endian. */
const order8 = [
  0x05fc536d880238b13933c6d305acdfd5f098eff289f4c345b027b2c28f95e826n,
  0x7a03ac9277fdc74ec6cc392cfa53202a0f67100d760b3cba4fd84d3d706a17c7n,
];

function encoded(y, sign) {
  const value = y | (BigInt(sign) << 255n);
  return Buffer.from(value.toString(16).padStart(64, "0"), "hex").reverse().toString("base64url");
}
function ed25519(name, about, y, sign) {
  const jwk = { kty: "OKP", crv: "Ed25519", x: encoded(y, sign) };
  return { name, about, kid: thumbprint(jwk), jwk };
}
function p256(name, about, x, y) {
  const jwk = {
    kty: "EC",
    crv: "P-256",
    x: Buffer.from(x, "hex").toString("base64url"),
    y: Buffer.from(y, "hex").toString("base64url"),
  };
  return { name, about, kid: thumbprint(jwk), jwk };
}

export const weakKeys = [
  ed25519("identity", "The neutral element (order 1).", 1n, 0),
  ed25519("order-2", "The point of order 2.", prime - 1n, 0),
  ed25519("order-4", "A point of order 4.", 0n, 0),
  ed25519("order-4-negative", "The other point of order 4.", 0n, 1),
  ...order8.flatMap((y, index) => [
    ed25519(`order-8-${index}`, "A point of order 8.", y, 0),
    ed25519(`order-8-${index}-negative`, "Its negative.", y, 1),
  ]),
  ed25519("identity-negative-zero", "The neutral element with the sign of a zero.", 1n, 1),
  ed25519("order-2-negative-zero", "The point of order 2 with the sign of a zero.", prime - 1n, 1),
  ...Array.from({ length: 19 }, (_, index) =>
    [0, 1].map((sign) =>
      ed25519(`not-reduced-${index}-${sign}`, `y = p + ${index}: a second spelling.`, prime + BigInt(index), sign),
    ),
  ).flat(),
  ed25519("not-on-curve", "y = 2 belongs to no point.", 2n, 0),
  p256("p256-not-on-curve", "(1, 1) is no point of P-256.", "01".padStart(64, "0"), "01".padStart(64, "0")),
  p256("p256-zero", "(0, 0) stands for no point.", "00".repeat(32), "00".repeat(32)),
  p256("p256-not-reduced", "A coordinate that is not below the prime.", "ff".repeat(32), "00".repeat(32)),
];
