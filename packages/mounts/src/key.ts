import { readJson } from "@seb/canonical";
import { readSecretFile } from "@seb/local";
import { fail, ok, type Result } from "@seb/schema";
import { type KeyFile, type KeyRole, readKeyFile } from "@seb/seal";

const LIMITS = { maxBytes: 8192, maxDepth: 4 };

/**
 * Reads a private key file, readable by its owner only, of this role and of this name (any name when left out).
 * Nothing of its content reaches a message.
 */
export function readMountedKey(
  path: string,
  role: KeyRole,
  name?: string,
): Result<KeyFile, "setting_missing" | "setting_invalid"> {
  const text = readSecretFile(path);
  if (!text.ok) return text;
  const json = readJson(text.value, LIMITS);
  const file = json.ok ? readKeyFile(json.value) : json;
  if (!file.ok) return fail("setting_invalid", `${path} is not a key file`);
  const { role: isRole, name: isName } = file.value;
  if (isRole !== role) return fail("setting_invalid", `${path} is a key for the role ${isRole}; ${role} is needed`);
  if (name !== undefined && isName !== name)
    return fail("setting_invalid", `${path} is the key of ${isName}; that of ${name} is needed`);
  return ok(file.value);
}
