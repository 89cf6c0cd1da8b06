import { readFileSync, statSync } from "node:fs";
import { readJson } from "@seb/canonical";
import { fail, type Result } from "@seb/schema";
import { type KeyFile, type KeyRole, readKeyFile } from "@seb/seal";

const LIMITS = { maxBytes: 8192, maxDepth: 4 };

/** Reads a private key file of one role. It must be readable by its owner only. Nothing of its content reaches a message. */
export function readKey(path: string, role: KeyRole): Result<KeyFile, "setting_missing" | "setting_invalid"> {
  let bytes: Uint8Array;
  try {
    if ((statSync(path).mode & 0o077) !== 0)
      return fail("setting_invalid", `${path} can be read by others: set its mode to 0600`);
    bytes = readFileSync(path);
  } catch {
    return fail("setting_missing", `cannot open ${path}`);
  }
  const json = readJson(bytes, LIMITS);
  const file = json.ok ? readKeyFile(json.value) : json;
  if (!file.ok) return fail("setting_invalid", `${path} is not a key file`);
  if (file.value.role === role) return { ok: true, value: file.value };
  return fail("setting_invalid", `${path} is a key for the role ${file.value.role}; ${role} is needed`);
}
