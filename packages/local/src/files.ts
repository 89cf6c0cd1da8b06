import { closeSync, constants, fstatSync, openSync, readFileSync } from "node:fs";
import { fail, ok, type Result } from "@seb/schema";

export type FileCode = "setting_missing" | "setting_invalid";

/** 1 MB: far more than any file of settings or keys. */
const MAX_BYTES = 1_048_576;

function readChecked(path: string, maxBytes: number, secret: boolean): Result<string, FileCode> {
  let file: number;
  try {
    // Not blocking, so that a pipe does not stop the process. Links are followed: mounted secrets are links.
    file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch {
    return fail("setting_missing", `cannot open ${path}`);
  }
  try {
    const stat = fstatSync(file);
    if (!stat.isFile()) return fail("setting_invalid", `${path} is not a regular file`);
    if (stat.size > maxBytes) return fail("setting_invalid", `${path} is larger than ${maxBytes} bytes`);
    if (secret && (stat.mode & 0o077) !== 0)
      return fail("setting_invalid", `${path} can be read by others: set its mode to 0600`);
    const text = new TextDecoder("utf-8", { fatal: true }).decode(new Uint8Array(readFileSync(file)));
    return secret && text.trim() === "" ? fail("setting_invalid", `${path} is empty`) : ok(text);
  } catch {
    return fail("setting_invalid", `cannot read ${path} as UTF-8`);
  } finally {
    closeSync(file);
  }
}

/** Reads a regular file of UTF-8 text, of at most `maxBytes` bytes (default 1 MB). */
export function readBoundedFile(path: string, maxBytes: number = MAX_BYTES): Result<string, FileCode> {
  return readChecked(path, maxBytes, false);
}

/**
 * Reads a secret: a regular file that only its owner can read (mode 0600 or narrower), is not empty and holds at most `maxBytes` bytes
 * (default 1 MB) of UTF-8. What was checked is what is read: both happen on one open file. Nothing of the content reaches a failure.
 */
export function readSecretFile(path: string, maxBytes: number = MAX_BYTES): Result<string, FileCode> {
  return readChecked(path, maxBytes, true);
}
