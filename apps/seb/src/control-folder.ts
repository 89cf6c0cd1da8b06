import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { packBundle } from "@seb/catalogue";
import { fail, ok, type Result } from "@seb/schema";
import { writeWhole } from "./write-file.js";

/** Every file of a control folder by path relative to it; names that begin with a dot are left out. */
export function readControl(folder: string): Result<Readonly<Record<string, string>>> {
  const files: Record<string, string> = {};
  const walk = (below: string) => {
    for (const entry of readdirSync(join(folder, below), { withFileTypes: true })) {
      if (entry.name.startsWith(".")) continue;
      const path = below === "" ? entry.name : `${below}/${entry.name}`;
      if (entry.isDirectory()) walk(path);
      else if (entry.isFile()) files[path] = readFileSync(join(folder, path), "utf8");
    }
  };
  try {
    walk("");
  } catch {
    return fail("setting_missing", `cannot read the control folder ${folder}`);
  }
  return ok(files);
}

export interface Packed {
  readonly digest: string;
  readonly text: string;
  readonly files: number;
}

/** Reads, checks and packs a control folder. Its Cedar policies are not compiled here: see `seb policy test`. */
export function packFolder(folder: string): Result<Packed> {
  const files = readControl(folder);
  if (!files.ok) return files;
  const packed = packBundle(files.value);
  return packed.ok ? ok({ ...packed.value, files: Object.keys(files.value).length }) : packed;
}

const FILE = /^([0-9a-f]{64})\.json$/;

/** Installs a bundle under its digest. */
export function installBundle(folder: string, { digest, text }: Packed): void {
  writeWhole(join(folder, `${digest.slice("sha256:".length)}.json`), text);
}

/** Digests of the bundles in a folder. */
export function bundlesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder).flatMap((name) => {
      const hex = FILE.exec(name)?.[1];
      return hex === undefined ? [] : [`sha256:${hex}`];
    });
  } catch {
    return [];
  }
}
