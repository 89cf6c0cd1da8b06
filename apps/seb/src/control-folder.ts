import { isUtf8 } from "node:buffer";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { MAX_FILE_BYTES, packBundle } from "@seb/catalogue";
import { fail, type Mistake, ok, printable, type Result } from "@seb/schema";
import { writeWhole } from "./write-file.js";

/** The texts of a control folder, and what in it is not a readable file. */
export interface ControlTexts {
  /** By path relative to the folder. */
  readonly files: Readonly<Record<string, string>>;
  readonly mistakes: readonly Mistake[];
}

/**
 * Every file of a control folder; names that begin with a dot are left out. What is neither file nor folder, such as a symbolic link, is a
 * mistake: a policy that somebody sees there must not be missing from the bundle. So are files that are not UTF-8, or larger than any may be.
 */
export function readControl(folder: string): Result<ControlTexts> {
  const files: Record<string, string> = {};
  const mistakes: Mistake[] = [];
  const walk = (below: string) => {
    for (const entry of readdirSync(join(folder, below), { withFileTypes: true })) {
      if (entry.name.startsWith(".")) continue;
      const path = below === "" ? entry.name : `${below}/${entry.name}`;
      if (entry.isDirectory()) walk(path);
      else {
        const text = textOf(join(folder, path), entry.isFile());
        if (typeof text === "string") files[path] = text;
        else mistakes.push({ file: printable(path, 200), ...text });
      }
    }
  };
  try {
    walk("");
  } catch {
    return fail("setting_missing", `cannot read the control folder ${folder}`);
  }
  return ok({ files, mistakes });
}

function textOf(path: string, isFile: boolean): string | Pick<Mistake, "found" | "expected"> {
  if (!isFile) return { found: "neither a file nor a folder, e.g. a link", expected: "the file itself" };
  const { size } = statSync(path);
  if (size > MAX_FILE_BYTES) return { found: `${size} bytes`, expected: `at most ${MAX_FILE_BYTES} bytes` };
  const bytes = readFileSync(path);
  if (!isUtf8(bytes)) return { found: "bytes that are not UTF-8", expected: "text in UTF-8" };
  return bytes.toString("utf8");
}

export interface Packed {
  readonly digest: string;
  readonly text: string;
  readonly files: number;
  /** The packed texts by path. */
  readonly contents: Readonly<Record<string, string>>;
}

/**
 * Reads, checks and packs a control folder: every mistake of every file is told. Its Cedar policies are not compiled here: see
 * `seb policy test`.
 */
export function packFolder(folder: string): Result<Packed> {
  const read = readControl(folder);
  if (!read.ok) return read;
  const { files, mistakes } = read.value;
  const packed = packBundle(files, mistakes);
  if (!packed.ok) return packed;
  return ok({ ...packed.value, files: Object.keys(files).length, contents: files });
}

const ACTION = /^actions\/([a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)\.yaml$/;

/** Names of a control folder's actions, from the names of their files, sorted. Nothing of the folder is checked here. */
export function actionsOf(folder: string): Result<readonly string[]> {
  const files = readControl(folder);
  if (!files.ok) return files;
  return ok(
    Object.keys(files.value.files)
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
