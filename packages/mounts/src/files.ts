import { constants } from "node:fs";
import { access, mkdir, open, readFile, rename } from "node:fs/promises";
import { dirname } from "node:path";
import { type Json, readJson } from "@seb/canonical";
import { fail, type Result } from "@seb/schema";

/** Mode of files that hold a secret. */
export const SECRET_MODE = 0o600;
const PUBLIC_MODE = 0o644;

export async function exists(path: string): Promise<boolean> {
  try {
    await access(path, constants.F_OK);
    return true;
  } catch {
    return false;
  }
}

/** Replaces a file as a whole and durably: readers see the old text or the new one. Parent folders are made for this user only. */
export async function writeWhole(path: string, text: string | Uint8Array, mode = PUBLIC_MODE): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const next = `${path}.${process.pid}.next`;
  const handle = await open(next, "w", mode);
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(next, path);
}

/** Reads a JSON file of at most 1 MB strictly. */
export async function readJsonFile(path: string): Promise<Result<Json>> {
  let bytes: Uint8Array;
  try {
    bytes = await readFile(path);
  } catch {
    return fail("setting_missing", `cannot open ${path}`);
  }
  const read = readJson(bytes, { maxBytes: 1_048_576, maxDepth: 16 });
  return read.ok ? read : fail("setting_invalid", `${path} is not strict JSON (${read.error.code})`);
}
