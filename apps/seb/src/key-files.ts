import { readJson } from "@seb/canonical";
import { readSecretFile } from "@seb/local";
import { fail, type Result } from "@seb/schema";
import { type KeyFile, type KeyRole, readKeyFile } from "@seb/seal";

const LIMITS = { maxBytes: 8192, maxDepth: 4 };

/** Reads a private key file of one role. It must be readable by its owner only. Nothing of its content reaches a message. */
export function readKey(path: string, role: KeyRole): Result<KeyFile, "setting_missing" | "setting_invalid"> {
  const text = readSecretFile(path, LIMITS.maxBytes);
  if (!text.ok) return text;
  const json = readJson(text.value, LIMITS);
  const file = json.ok ? readKeyFile(json.value) : json;
  if (!file.ok) return fail("setting_invalid", `${path} is not a key file`);
  if (file.value.role === role) return { ok: true, value: file.value };
  return fail("setting_invalid", `${path} is a key for the role ${file.value.role}; ${role} is needed`);
}
