// Prints a proof of possession (RFC 9449, with the claim `op`) for one request. Node's own crypto only: what any language has to do.
// usage: node prove.mjs KEY_FILE METHOD URL [BODY_FILE [CERTIFICATE_FILE]]
import { createHash, createPrivateKey, randomBytes, sign } from "node:crypto";
import { readFileSync } from "node:fs";

const [keyFile, htm, htu, bodyFile, certificateFile] = process.argv.slice(2);
const { d, ...jwk } = JSON.parse(readFileSync(keyFile, "utf8")).jwk;

/** RFC 8785, as far as texts, integers, lists and objects go. */
function canonical(value) {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const members = Object.keys(value).sort();
  return `{${members.map((key) => `${JSON.stringify(key)}:${canonical(value[key])}`).join(",")}}`;
}

const claims = { jti: randomBytes(16).toString("base64url"), htm, htu, iat: Math.floor(Date.now() / 1000) };
if (bodyFile) {
  const body = canonical(JSON.parse(readFileSync(bodyFile, "utf8")));
  claims.op = `sha256:${createHash("sha256").update(`seb-op-v1\0${body}`).digest("hex")}`;
}
if (certificateFile) {
  const certificate = readFileSync(certificateFile, "utf8").trim();
  claims.ath = createHash("sha256").update(certificate).digest("base64url");
}

const encode = (part) => Buffer.from(JSON.stringify(part)).toString("base64url");
const signed = `${encode({ alg: "EdDSA", typ: "dpop+jwt", jwk })}.${encode(claims)}`;
const key = createPrivateKey({ key: { ...jwk, d }, format: "jwk" });
console.log(`${signed}.${sign(null, Buffer.from(signed), key).toString("base64url")}`);
