import { randomUUID } from "node:crypto";
import { open, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { digestBytes } from "@seb/canonical";
import { errnoOf } from "@seb/local";
import { Digest, fail, ok, type Result, validate } from "@seb/schema";
import type { EvidenceStore } from "../port.js";
import { makeFolder, syncFolder } from "./durable-file.js";

/** Largest piece of evidence, in bytes. */
export const MAX_EVIDENCE_BYTES = 4_194_304;

/** An evidence store from which single pieces can be erased; records keep their digests. */
export interface ErasableEvidence extends EvidenceStore {
  /** Erases durably; false when there was nothing. */
  erase(digest: string): Promise<boolean>;
}

function isDigest(text: string): boolean {
  return validate(Digest, text, "setting_invalid").ok;
}

async function readIntact(path: string, digest: string): Promise<Uint8Array | undefined> {
  try {
    const bytes = new Uint8Array(await readFile(path));
    return digestBytes(bytes) === digest ? bytes : undefined;
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return undefined;
    throw error;
  }
}

async function writeWhole(path: string, bytes: Uint8Array): Promise<void> {
  const draft = `${path}.${randomUUID()}.part`;
  try {
    const handle = await open(draft, "wx", 0o600);
    try {
      await handle.writeFile(bytes);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(draft, path);
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  }
}

/**
 * Evidence as files `<first two digits>/<64 digits>` below `folder` (made when missing). `put` answers after the bytes and
 * their name are durable; more than 4 MB are refused. `get` gives undefined for what is absent, erased or damaged.
 */
export function createFileEvidence(options: { readonly folder: string }): ErasableEvidence {
  const folderOf = (digest: string) => join(options.folder, digest.slice(7, 9));
  const pathOf = (digest: string) => join(folderOf(digest), digest.slice(7));

  async function put(bytes: Uint8Array): Promise<Result<string, "record_failed">> {
    if (bytes.byteLength > MAX_EVIDENCE_BYTES) return fail("record_failed", "The evidence is too large to be kept.");
    const digest = digestBytes(bytes);
    try {
      await makeFolder(folderOf(digest));
      if ((await readIntact(pathOf(digest), digest)) === undefined) await writeWhole(pathOf(digest), bytes);
      // Also when it was there: whoever wrote it may not have come this far.
      await syncFolder(folderOf(digest));
      return ok(digest);
    } catch (error) {
      return fail("record_failed", "The evidence could not be kept.", { facts: { errno: errnoOf(error) } });
    }
  }

  return {
    put,
    get: async (digest) => (isDigest(digest) ? readIntact(pathOf(digest), digest) : undefined),
    erase: async (digest) => {
      if (!isDigest(digest)) return false;
      try {
        await rm(pathOf(digest));
      } catch (error) {
        if (errnoOf(error) === "ENOENT") return false;
        throw error;
      }
      await syncFolder(folderOf(digest));
      return true;
    },
  };
}
