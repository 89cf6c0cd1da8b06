import { jwkThumbprint } from "@seb/canonical";

/**
 * Encodings of the eight points of Ed25519 whose order divides 8, second spellings among them (Chalkias, Garillot, Nikolaenko, "Taming the many
 * EdDSAs", 2020, table 1). Whoever names such a key needs no private key to sign, so no verifier takes one.
 */
const SMALL_ORDER_POINTS: readonly string[] = [
  "0100000000000000000000000000000000000000000000000000000000000000",
  "0100000000000000000000000000000000000000000000000000000000000080",
  "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
  "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
  "0000000000000000000000000000000000000000000000000000000000000000",
  "0000000000000000000000000000000000000000000000000000000000000080",
  "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
  "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
  "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
  "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
  "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
  "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
  "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
  "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
];

const WEAK: ReadonlySet<string> = new Set(
  SMALL_ORDER_POINTS.map((hex) =>
    jwkThumbprint({ kty: "OKP", crv: "Ed25519", x: Buffer.from(hex, "hex").toString("base64url") }),
  ),
);

/** Is this the RFC 7638 thumbprint of an Ed25519 key of small order? A control folder holds agents' keys by thumbprint alone. */
export function isWeakThumbprint(thumbprint: string): boolean {
  return WEAK.has(thumbprint);
}
