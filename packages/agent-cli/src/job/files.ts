import { randomBytes } from "node:crypto";
import { lstatSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Json, readJson } from "@seb/canonical";
import { makeFolder } from "./make-folder.js";

const MAX_BYTES = 262_144;

/** Writes a JSON file for this user only (0600 in a folder of 0700), whole or not at all. @throws when it cannot. */
export function writePrivateJson(folder: string, name: string, value: unknown): void {
  makeFolder(folder, 0o700);
  const temporary = join(folder, `.${name}.${randomBytes(6).toString("hex")}`);
  writeFileSync(temporary, JSON.stringify(value), { mode: 0o600, flag: "wx" });
  renameSync(temporary, join(folder, name));
}

/** Reads such a file; undefined when it is missing, not a file of this user's, or not JSON. */
export function readPrivateJson(folder: string, name: string): Json | undefined {
  try {
    const path = join(folder, name);
    const stat = lstatSync(path);
    const mine = process.getuid === undefined || stat.uid === process.getuid();
    if (!stat.isFile() || !mine || stat.size > MAX_BYTES) return undefined;
    const read = readJson(new Uint8Array(readFileSync(path)), { maxBytes: MAX_BYTES, maxDepth: 16 });
    return read.ok ? read.value : undefined;
  } catch {
    return undefined;
  }
}

export function removePrivate(folder: string, name: string): void {
  rmSync(join(folder, name), { force: true });
}
