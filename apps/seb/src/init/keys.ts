import { readFileSync } from "node:fs";
import { readJson } from "@seb/canonical";
import { audienceOfKey, fail, ok, type Result, type TrustKey, TrustPayload, validate } from "@seb/schema";
import { generateKeyFile, type KeyFile, type KeyRole, type PublicJwk, publicOf, readKeyFile } from "@seb/seal";
import { entryOf } from "../trust-draft.js";
import { writeWhole } from "../write-file.js";
import type { Plan } from "./plan.js";

const YEAR_DAYS = 365;
const SECRET_MODE = 0o600;

/** What each service signs besides its records. */
const SIGNS = { signer: "certificate", broker: "observation", revocation: "status" } as const;

/** The keys of the services and of two operators: file, role, owner. */
function wanted({ names, instances }: Plan): readonly (readonly [path: string, role: KeyRole, name: string])[] {
  return [
    ...instances.flatMap(({ service, name, folder }) => [
      [`${folder}/keys/${SIGNS[service]}.json`, SIGNS[service], names[service]] as const,
      [`${folder}/keys/record.json`, "record", name] as const,
    ]),
    ["operators/operator-1.json", "order", "operator-1"],
    ["operators/operator-2.json", "order", "operator-2"],
  ];
}

async function make(plan: Plan, path: string, role: KeyRole, name: string): Promise<KeyFile> {
  const key = await generateKeyFile(role, name);
  writeWhole(plan.at(path), `${JSON.stringify(key, null, 2)}\n`, SECRET_MODE);
  return key;
}

/** Makes every key, each in the folder of the service that holds it. Answers their entries for the trust file. */
export async function makeKeys(plan: Plan, nowSeconds: number): Promise<Result<readonly TrustKey[]>> {
  const entries: TrustKey[] = [];
  for (const [path, role, name] of wanted(plan)) {
    const key = await make(plan, path, role, name);
    const entry = entryOf(key, audienceOfKey(key, plan.names), YEAR_DAYS, nowSeconds);
    if (!entry.ok) return entry;
    entries.push(entry.value);
  }
  return ok(entries);
}

/** The owners' public keys: of the files given, else of two keys made here, which then have to be taken away. */
export async function ownersOf(plan: Plan): Promise<Result<readonly PublicJwk[]>> {
  if (plan.owners.length === 0) {
    const made = [];
    for (const name of ["owner-1", "owner-2"])
      made.push(publicOf(await make(plan, `owners/${name}.json`, "owner", name)).jwk);
    return ok(made);
  }
  const given: PublicJwk[] = [];
  for (const path of plan.owners) {
    const read = readOwner(path);
    if (!read.ok) return read;
    given.push(read.value);
  }
  return ok(given);
}

/** A public JWK, which is enough to name an owner, or the public half of an owner's key file. */
function readOwner(path: string): Result<PublicJwk> {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch {
    return fail("setting_missing", `cannot open ${path}`);
  }
  const json = readJson(text, { maxBytes: 8192, maxDepth: 4 });
  if (!json.ok) return fail("setting_invalid", `${path} is not JSON`);
  const file = readKeyFile(json.value);
  if (file.ok && file.value.role === "owner") return ok(publicOf(file.value).jwk);
  const jwk = validate(TrustPayload.properties.owners.items, json.value, "setting_invalid");
  return jwk.ok ? jwk : fail("setting_invalid", `${path} is neither a public JWK nor an owner's key file`);
}
