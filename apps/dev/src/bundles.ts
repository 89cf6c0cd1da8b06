import { readFile } from "node:fs/promises";
import { bundlePath } from "./setup/control.js";

const DIGEST = /^sha256:[0-9a-f]{64}$/;

/** Bundles in a folder, one file per digest. Whoever opens one checks the text against the digest. */
export function createFolderBundles(folder: string): { get(digest: string): Promise<string | undefined> } {
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
