// Writes the published vectors: `node infra/vectors.mjs`; with --check it compares instead and exits 1 on a difference.
// Keys, times and Ed25519 are deterministic; ES256 signatures are not and are kept in es256-signatures.json.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { certificates } from "./vectors/certificates.mjs";
import { rules as certificateRules } from "./vectors/claims.mjs";
import { forge } from "./vectors/forge.mjs";
import { keys, now, signer } from "./vectors/keys.mjs";
import { kinds, others } from "./vectors/others.mjs";
import { rules as proofRules, proofs } from "./vectors/proofs.mjs";
import { records } from "./vectors/records.mjs";
import { pins, trustFile, trustFiles } from "./vectors/trust.mjs";
import { weakKeys } from "./vectors/weak-keys.mjs";
import { digests, json, limits } from "./vectors/words.mjs";

const folder = new URL("../packages/schema/vectors/", import.meta.url);
const keptFile = new URL("es256-signatures.json", folder);
const kept = existsSync(keptFile) ? JSON.parse(readFileSync(keptFile, "utf8")) : {};
const sign = signer(kept);
const made = forge(sign);
const owners = [keys["owner-1"], keys["owner-2"]];
const small = weakKeys.find(({ name }) => name === "order-8-0");

const files = {
  "keys.json": {
    about: "The keys of all vectors, the trust file they stand in, and keys that no reader may accept.",
    now,
    keys: Object.values(keys).map(({ id, kid, alg, role, name, aud, nbf, exp, jwk }) => ({
      id,
      kid,
      alg,
      role,
      name,
      aud,
      nbf,
      exp,
      jwk,
    })),
    approvers: [{ kid: keys.carol.kid, name: "carol", jwk: keys.carol.jwk }],
    trust: { pins: { ...pins, min_version: 0 }, file: trustFile(sign, owners) },
    refused_keys: weakKeys,
  },
  "certificates.json": { about: "Certificates (seb-cert+jwt).", rules: certificateRules, ...certificates(made) },
  "proofs.json": { about: "Proofs of possession (dpop+jwt, RFC 9449).", rules: proofRules, ...proofs(made, small.jwk) },
  "tokens.json": { about: "Observations, statuses, records, orders and approvals.", kinds, ...others(made) },
  "records.json": {
    about: "Bodies of records by kind, and chains of records with their copied heads.",
    ...records(made),
  },
  "trust.json": { about: "Trust files.", ...trustFiles(sign) },
  "json.json": { about: "Strict JSON; `json` is base64url of the bytes.", limits, ...json() },
  "digests.json": { about: "Canonical JSON, digests and thumbprints.", ...digests() },
};
const sorted = Object.fromEntries(Object.entries(kept).sort(([a], [b]) => (a < b ? -1 : 1)));

let differences = 0;
for (const [name, value] of Object.entries({ ...files, "es256-signatures.json": sorted })) {
  const text = `${JSON.stringify(value, null, 1)}\n`;
  const file = new URL(name, folder);
  const same = existsSync(file) && readFileSync(file, "utf8") === text;
  if (!same && process.argv.includes("--check")) {
    console.error(`packages/schema/vectors/${name} is not what infra/vectors.mjs makes`);
    differences += 1;
  } else if (!same) writeFileSync(file, text);
  if (value.valid) console.log(`${name}: ${value.valid.length} valid, ${value.invalid.length} invalid`);
}
process.exitCode = differences === 0 ? 0 : 1;
