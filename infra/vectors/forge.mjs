// Makes honest and dishonest compact tokens for the vectors.
const b64 = (data) => Buffer.from(data).toString("base64url");
const text = (value) => (typeof value === "string" || Buffer.isBuffer(value) ? value : JSON.stringify(value));

/** A forge over one signing function (see `signer` in keys.mjs). */
export function forge(sign) {
  /** Header and payload may be objects, or text and bytes to be taken as they are. */
  function compact(by, header, payload) {
    const input = `${b64(text(header))}.${b64(text(payload))}`;
    return `${input}.${b64(sign(by, input))}`;
  }
  return {
    compact,
    /** A well-formed token of a typ. `header` is merged into the exact one; a member set to undefined is left out. */
    token: (by, typ, payload, header = {}) => compact(by, { alg: by.alg, typ, kid: by.kid, ...header }, payload),
    proof: (by, payload, header = {}) =>
      compact(by, { alg: by.alg === "Ed25519" ? "EdDSA" : by.alg, typ: "dpop+jwt", jwk: by.jwk, ...header }, payload),
  };
}

/** The same token with one segment replaced: `part` 0 header, 1 payload, 2 signature. */
export function withPart(token, part, value) {
  return token
    .split(".")
    .map((old, index) => (index === part ? value : old))
    .join(".");
}

/** The segment with an unused bit of its last character set: another spelling of the same bytes. */
export function respelled(segment) {
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  const last = alphabet.indexOf(segment.at(-1));
  const other = segment.slice(0, -1) + alphabet[last ^ 1];
  if (segment.length % 4 === 0 || !Buffer.from(other, "base64url").equals(Buffer.from(segment, "base64url")))
    throw new Error("this segment has no unused bits");
  return other;
}

const littleEndian = (bytes) => BigInt(`0x${Buffer.from(bytes).reverse().toString("hex")}`);
const bytesOf = (value) => Buffer.from(value.toString(16).padStart(64, "0"), "hex");

/** Ed25519 with S + L for S: the same equation, but RFC 8032 section 5.1.7 wants S below L. */
export function withLargeS(token) {
  const signature = Buffer.from(token.split(".")[2], "base64url");
  const order = 2n ** 252n + 27742317777372353535851937790883648493n;
  const s = bytesOf(littleEndian(signature.subarray(32)) + order).reverse();
  return withPart(token, 2, b64(Buffer.concat([signature.subarray(0, 32), s])));
}

/** ES256 with n - s for s: another valid signature of the same message, which anybody can compute. */
export function withOtherS(token) {
  const signature = Buffer.from(token.split(".")[2], "base64url");
  const order = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
  const s = order - BigInt(`0x${signature.subarray(32).toString("hex")}`);
  return withPart(token, 2, b64(Buffer.concat([signature.subarray(0, 32), bytesOf(s)])));
}

function derInteger(bytes) {
  let at = 0;
  while (at < 31 && bytes[at] === 0) at += 1;
  const body = bytes[at] >= 0x80 ? Buffer.concat([Buffer.from([0]), bytes.subarray(at)]) : bytes.subarray(at);
  return Buffer.concat([Buffer.from([2, body.length]), body]);
}

/** ES256 with the signature written as DER, as many libraries give it. */
export function withDerSignature(token) {
  const signature = Buffer.from(token.split(".")[2], "base64url");
  const body = Buffer.concat([derInteger(signature.subarray(0, 32)), derInteger(signature.subarray(32))]);
  return withPart(token, 2, b64(Buffer.concat([Buffer.from([0x30, body.length]), body])));
}
