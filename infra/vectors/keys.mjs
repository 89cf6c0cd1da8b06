// Fixed keys of the published vectors. Everybody can derive them: they must never be trusted anywhere.
import { createECDH, createHash, createPrivateKey, createPublicKey, sign } from "node:crypto";

/** 2026-01-01T00:00:00Z, in seconds: the time at which the vectors are read unless a case says otherwise. */
export const now = 1_767_225_600;
export const issuer = "signer:vectors";
export const broker = "broker:vectors";
export const environment = "env:vectors";

const year = 31_536_000;
const valid = { nbf: now - year, exp: now + year };

const sha256 = (data) => createHash("sha256").update(data).digest();
const b64 = (bytes) => Buffer.from(bytes).toString("base64url");

/** RFC 7638. */
export function thumbprint({ kty, crv, x, y }) {
  return b64(sha256(JSON.stringify(kty === "OKP" ? { crv, kty, x } : { crv, kty, x, y })));
}

function ed25519(name) {
  const seed = sha256(`seb-vectors:${name}`);
  const der = Buffer.concat([Buffer.from("302e020100300506032b657004220420", "hex"), seed]);
  const privateKey = createPrivateKey({ key: der, format: "der", type: "pkcs8" });
  const { x } = createPublicKey(privateKey).export({ format: "jwk" });
  return { alg: "Ed25519", jwk: { kty: "OKP", crv: "Ed25519", x }, privateKey };
}

function es256(name) {
  const d = sha256(`seb-vectors:${name}`);
  const ecdh = createECDH("prime256v1");
  ecdh.setPrivateKey(d);
  const point = ecdh.getPublicKey();
  const jwk = { kty: "EC", crv: "P-256", x: b64(point.subarray(1, 33)), y: b64(point.subarray(33)) };
  return { alg: "ES256", jwk, privateKey: createPrivateKey({ key: { ...jwk, d: b64(d) }, format: "jwk" }) };
}

function key(make, id, role, name, aud, times = valid) {
  const made = make(id);
  return { id, kid: thumbprint(made.jwk), role, name, aud, ...times, ...made };
}

export const keys = Object.fromEntries(
  [
    key(ed25519, "owner-1", "owner", "owner-1", environment),
    key(es256, "owner-2", "owner", "owner-2", environment),
    key(ed25519, "owner-3", "owner", "owner-3", environment),
    key(ed25519, "signer", "certificate", issuer, broker),
    key(es256, "signer-es256", "certificate", issuer, broker),
    key(ed25519, "signer-past", "certificate", issuer, broker, { nbf: now - 2 * year, exp: now - 10 }),
    key(ed25519, "signer-future", "certificate", issuer, broker, { nbf: now + 3600, exp: now + year }),
    key(ed25519, "signer-elsewhere", "certificate", "signer:elsewhere", "broker:elsewhere"),
    key(ed25519, "observer", "observation", broker, broker),
    key(ed25519, "status", "status", "revocation:vectors", environment),
    key(ed25519, "status-elsewhere", "status", "revocation:elsewhere", "env:elsewhere"),
    key(ed25519, "record", "record", "broker-1", environment),
    key(es256, "record-es256", "record", "signer-1", environment),
    key(ed25519, "record-past", "record", "broker-2", environment, { nbf: now - year, exp: now - 86_400 }),
    key(ed25519, "alice", "order", "alice", environment),
    key(es256, "bob", "order", "bob", environment),
    key(ed25519, "carol", "approval", "carol", environment),
    key(ed25519, "agent", "agent", "oncall-v3", environment),
    key(es256, "agent-es256", "agent", "ci-v1", environment),
    key(ed25519, "stranger", "certificate", issuer, broker),
  ].map((made) => [made.id, made]),
);

/** Keys that stand in the vectors' trust file; approvers stand in the control folder, agents too, strangers nowhere. */
export const trusted = Object.values(keys).filter(
  ({ id, role }) => !["owner", "approval", "agent"].includes(role) && id !== "stranger",
);

/** Signs bytes. ES256 is not deterministic, so its signatures are kept by the digest of what they sign. */
export function signer(kept) {
  return (by, input) => {
    if (by.alg === "Ed25519") return sign(null, Buffer.from(input), by.privateKey);
    const digest = `${by.kid} ${sha256(input).toString("hex")}`;
    kept[digest] ??= b64(sign("sha256", Buffer.from(input), { key: by.privateKey, dsaEncoding: "ieee-p1363" }));
    return Buffer.from(kept[digest], "base64url");
  };
}
