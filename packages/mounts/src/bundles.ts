import { readFile } from "node:fs/promises";
import { join } from "node:path";

const DIGEST = /^sha256:[0-9a-f]{64}$/;

/** Control bundles by digest. The text is checked against the digest by whoever opens it. */
export interface FolderBundles {
  get(digest: string): Promise<string | undefined>;
}

/** Where a bundle lies in a folder of bundles. */
export function bundlePath(folder: string, digest: string): string {
  return join(folder, `${digest.slice("sha256:".length)}.json`);
}

/** Bundles in a mounted folder, one file per digest; a file that is put there later is found too. */
export function openFolderBundles(folder: string): FolderBundles {
  return {
    async get(digest) {
      if (!DIGEST.test(digest)) return undefined;
      try {
        return await readFile(bundlePath(folder, digest), "utf8");
      } catch {
        return undefined;
      }
    },
  };
}
