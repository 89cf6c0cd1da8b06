import { environment, keys, now, trusted } from "./keys.mjs";
import { weakKeys } from "./weak-keys.mjs";

const b64 = (data) => Buffer.from(data).toString("base64url");
const owners = [keys["owner-1"], keys["owner-2"], keys["owner-3"]];
const entry = ({ kid, role, name, jwk, aud, nbf, exp }) => ({ kid, role, name, jwk, aud, nbf, exp });

export const payload = {
  ver: 1,
  version: 5,
  iat: now - 3600,
  exp: now + 30 * 86_400,
  owners: owners.map(({ jwk }) => jwk),
  keys: trusted.map(entry),
};
export const pins = { owners: owners.map(({ kid }) => kid), threshold: 2, min_version: 5 };

/** A trust file: JWS general serialization signed by each of `by`. */
export function trustFile(sign, by, body = payload, header = {}) {
  const text = b64(typeof body === "string" ? body : JSON.stringify(body));
  const signatures = by.map((owner) => {
    const head = b64(JSON.stringify({ alg: owner.alg, typ: "seb-trust+json", kid: owner.kid, ...header }));
    return { protected: head, signature: b64(sign(owner, `${head}.${text}`)) };
  });
  return JSON.stringify({ payload: text, signatures });
}

export function trustFiles(sign) {
  const [one, two, three] = owners;
  const file = (by, changes = {}, header = {}) => trustFile(sign, by, { ...payload, ...changes }, header);
  const honest = file([one, two]);
  const opened = JSON.parse(honest);
  const valid = [];
  const invalid = [];
  const good = (name, about, text, more = {}) => valid.push({ name, about, now, pins, ...more, file: text });
  const bad = (code, name, about, text, more = {}) =>
    invalid.push({ name, about, now, pins, ...more, code, file: text });
  const withKey = (changes) => ({ keys: [{ ...payload.keys[0], ...changes }, ...payload.keys.slice(1)] });

  good("two-of-three", "Two of three pinned owners signed; one key is P-256.", honest);
  good("all", "All three signed.", file([three, two, one]));
  good("newer", "A higher version than the one seen.", honest, { pins: { ...pins, min_version: 4 } });
  good("one-of-one", "A single pinned owner.", file([one]), {
    pins: { owners: [one.kid], threshold: 1, min_version: 0 },
  });
  good(
    "bad-signature-besides",
    "A third signature that does not verify is ignored.",
    JSON.stringify({
      ...opened,
      signatures: [...opened.signatures, { ...opened.signatures[0], signature: b64(Buffer.alloc(64)) }],
    }),
  );
  good("last-moment", "Just before exp.", honest, { now: payload.exp - 0.001 });

  bad("trust_threshold", "one-signature", "One signature where two are wanted.", file([one]));
  bad("trust_threshold", "same-owner-twice", "One owner who signed twice counts once.", file([one, one]));
  bad(
    "trust_threshold",
    "unpinned-owner",
    "The payload names an owner whom the reader has not pinned.",
    file([one, three]),
    { pins: { ...pins, owners: [one.kid, two.kid] } },
  );
  bad("trust_threshold", "stranger", "A signature by somebody who is no owner.", file([one, keys.stranger]));
  bad(
    "trust_threshold",
    "pinned-but-not-named",
    "A pinned owner's key must stand in the payload.",
    file([one, two], { owners: [one.jwk] }),
  );
  bad("trust_threshold", "no-signatures", "No signature at all.", JSON.stringify({ ...opened, signatures: [] }));
  bad(
    "trust_threshold",
    "payload-changed",
    "Another payload under the old signatures.",
    JSON.stringify({ ...opened, payload: b64(JSON.stringify({ ...payload, version: 6 })) }),
  );
  bad("trust_threshold", "typ", "Signatures made for another typ.", file([one, two], {}, { typ: "seb-order+jws" }));
  bad("trust_threshold", "alg-swapped", "The label of the other algorithm.", file([one, three], {}, { alg: "ES256" }));
  bad("trust_threshold", "crit", "Critical extensions.", file([one, two], {}, { crit: ["exp"] }));
  bad("trust_threshold", "threshold-zero", "Nobody may pin a threshold below one.", honest, {
    pins: { ...pins, threshold: 0 },
  });
  bad("trust_rollback", "rollback", "A lower version than the one seen.", honest, {
    pins: { ...pins, min_version: 6 },
  });
  bad("trust_expired", "expired", "At exp.", honest, { now: payload.exp });
  bad("trust_invalid", "future", "Made in the future.", file([one, two], { iat: now + 3 }));
  bad(
    "trust_invalid",
    "two-roles",
    "One key under two roles.",
    file([one, two], { keys: [...payload.keys, { ...payload.keys[0], role: "status" }] }),
  );
  bad("trust_invalid", "twice", "One key twice.", file([one, two], { keys: [...payload.keys, payload.keys[0]] }));
  bad(
    "trust_invalid",
    "owner-in-role",
    "An owner's key in a role.",
    file([one, two], withKey({ kid: one.kid, jwk: one.jwk })),
  );
  bad(
    "trust_invalid",
    "kid-not-thumbprint",
    "A kid that is not its key's thumbprint.",
    file([one, two], withKey({ kid: keys.stranger.kid })),
  );
  bad("trust_invalid", "role-unknown", "A role that does not exist.", file([one, two], withKey({ role: "admin" })));
  bad(
    "trust_invalid",
    "private-key",
    "A private key.",
    file([one, two], withKey({ jwk: { ...payload.keys[0].jwk, d: b64(Buffer.alloc(32, 1)) } })),
  );
  bad(
    "trust_invalid",
    "never-valid",
    "A key whose validity is empty.",
    file([one, two], withKey({ nbf: now, exp: now })),
  );
  bad(
    "trust_invalid",
    "weak-key",
    "A key of small order.",
    file([one, two], withKey({ kid: weakKeys[0].kid, jwk: weakKeys[0].jwk })),
  );
  bad("trust_invalid", "no-keys", "No keys.", file([one, two], { keys: [] }));
  bad(
    "trust_invalid",
    "duplicate-key",
    "version twice.",
    trustFile(sign, [one, two], JSON.stringify(payload).replace('"version":', '"version":9,"version":')),
  );
  bad(
    "trust_invalid",
    "flattened",
    "Flattened serialization.",
    JSON.stringify({ payload: opened.payload, ...opened.signatures[0] }),
  );
  bad(
    "trust_invalid",
    "unprotected-header",
    "An unprotected header.",
    JSON.stringify({ ...opened, signatures: opened.signatures.map((signature) => ({ ...signature, header: {} })) }),
  );
  bad("trust_invalid", "not-json", "Not JSON.", "trust me");
  return { valid, invalid, environment };
}
