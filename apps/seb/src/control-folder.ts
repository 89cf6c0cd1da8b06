import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { packBundle } from "@seb/catalogue";
import { fail, ok, type Result } from "@seb/schema";
import { writeWhole } from "./write-file.js";

/**
 * Every file of a control folder by path relative to it; names that begin with a dot are left out. What is neither file nor folder,
 * such as a symbolic link, is `bundle_unreadable`: a policy that somebody sees there must not be missing from the bundle.
 */
export function readControl(folder: string): Result<Readonly<Record<string, string>>> {
  const files: Record<string, string> = {};
  let other: string | undefined;
  const walk = (below: string) => {
    for (const entry of readdirSync(join(folder, below), { withFileTypes: true })) {
      if (entry.name.startsWith(".")) continue;
      const path = below === "" ? entry.name : `${below}/${entry.name}`;
      if (entry.isDirectory()) walk(path);
      else if (entry.isFile()) files[path] = readFileSync(join(folder, path), "utf8");
      else other ??= path;
    }
  };
  try {
    walk("");
  } catch {
    return fail("setting_missing", `cannot read the control folder ${folder}`);
  }
  if (other === undefined) return ok(files);
  const detail = `${other} in ${folder} is neither a file nor a folder: put the file itself there`;
  return fail("bundle_unreadable", detail, { facts: { file: other } });
}

export interface Packed {
  readonly digest: string;
  readonly text: string;
  readonly files: number;
  /** The packed texts by path. */
  readonly contents: Readonly<Record<string, string>>;
}

/** Reads, checks and packs a control folder. Its Cedar policies are not compiled here: see `seb policy test`. */
export function packFolder(folder: string): Result<Packed> {
  const files = readControl(folder);
  if (!files.ok) return files;
  const packed = packBundle(files.value);
  if (!packed.ok) return packed;
  return ok({ ...packed.value, files: Object.keys(files.value).length, contents: files.value });
}

const ACTION = /^actions\/([a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)\.yaml$/;

/** Names of a control folder's actions, from the names of their files, sorted. Nothing of the folder is checked here. */
export function actionsOf(folder: string): Result<readonly string[]> {
  const files = readControl(folder);
  if (!files.ok) return files;
  return ok(
    Object.keys(files.value)
      .flatMap((path) => ACTION.exec(path)?.slice(1) ?? [])
      .sort(),
  );
}

const FILE = /^([0-9a-f]{64})\.json$/;

/** Installs a bundle under its digest. */
export function installBundle(folder: string, { digest, text }: Pick<Packed, "digest" | "text">): void {
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
