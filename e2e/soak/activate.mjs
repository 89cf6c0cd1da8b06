// What `seb policy activate` does, without the time that its command has: policy tests of their own in 5 s are too much for a busy machine.
import { createHash, createPrivateKey, randomBytes } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import canonicalize from "canonicalize";
import { jws, thumbprint } from "../bench/wire.mjs";

const ALPHABET = "abcdefghijklmnopqrstuvwxyz234567";
const ORDER_LIFE_SECONDS = 300;
const TIMEOUT_MS = 60_000;

/** Packs a control folder, writes the bundle below the name of its digest, answers the digest. */
function installBundle(control, bundles) {
  const entries = readdirSync(control, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const paths = entries.map((entry) => join(entry.parentPath, entry.name));
  const files = Object.fromEntries(paths.map((path) => [relative(control, path), readFileSync(path, "utf8")]));
  const text = canonicalize({ ver: 1, files });
  const hex = createHash("sha256").update(`seb-bundle-v1\0${text}`).digest("hex");
  mkdirSync(bundles, { recursive: true });
  writeFileSync(join(bundles, `${hex}.json`), text);
  return `sha256:${hex}`;
}

/** An operator's order, signed with a key file. */
function signOrder(keyFile, audience, order) {
  const { name, jwk } = JSON.parse(readFileSync(keyFile, "utf8"));
  const iat = Math.floor(Date.now() / 1000);
  const id = [...randomBytes(26)].map((byte) => ALPHABET[byte % 32]).join("");
  const claims = { ver: 1, jti: `o_${id}`, aud: audience, sub: name, iat, exp: iat + ORDER_LIFE_SECONDS };
  const header = { alg: "Ed25519", typ: "seb-order+jws", kid: thumbprint(jwk) };
  const key = createPrivateKey({ key: jwk, format: "jwk" });
  return jws(header, { ...claims, order, reason: "a soak" }, key);
}

/** Activates a control folder by the orders of two operators. Throws when the second is refused. */
export async function activate({ control, bundles, operators, audience, revocation }) {
  // The first generation of the wire: what every service that runs here can open.
  const order = { do: "activate", bundle: installBundle(control, bundles), wire: 1 };
  for (const [at, operator] of operators.entries()) {
    const body = JSON.stringify({ order: signOrder(operator, audience, order) });
    const headers = { "content-type": "application/json" };
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    const answer = await fetch(`${revocation}/v1/orders`, { method: "POST", headers, body, signal });
    const text = await answer.text();
    if (at === operators.length - 1 && answer.status !== 200) throw new Error(`not activated: ${text}`);
  }
}
