import { lstatSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { readSecretFile, readTls } from "@seb/local";
import { fail, ok, type Result } from "@seb/schema";

/** Paths that a section of the settings names, as they stand there. */
export interface AccessFiles {
  readonly username?: string;
  readonly password_file?: string;
  readonly ca_file?: string;
  readonly cert_file?: string;
  readonly key_file?: string;
}

/** The same with absolute paths, as the clients take them. */
export interface Access {
  readonly passwordFile?: string;
  readonly tls?: { readonly caFile?: string; readonly certFile?: string; readonly keyFile?: string };
}

const SETTING_OF = { caFile: "ca_file", certFile: "cert_file", keyFile: "key_file" } as const;

/**
 * Looks at the files by which a service comes in at `section`: secrets that only their owner can read and that are not empty,
 * certificates that are PEM, a key that belongs to its certificate. A failure's pointer names the setting.
 */
export function accessOf(section: string, files: AccessFiles, at: (path: string) => string): Result<Access> {
  const { username, password_file, ca_file, cert_file, key_file } = files;
  const wrong = (setting: string, why: string) => fail("setting_invalid", why, { pointer: `/${section}/${setting}` });
  if ((username === undefined) !== (password_file === undefined))
    return wrong("password_file", "a user and its password file go together");
  const absolute = (path: string | undefined) => (path === undefined ? undefined : at(path));
  const [passwordFile, caFile, certFile, keyFile] = [password_file, ca_file, cert_file, key_file].map(absolute);
  if (passwordFile !== undefined) {
    const password = readSecretFile(passwordFile);
    if (!password.ok) return { ok: false, error: { ...password.error, pointer: `/${section}/password_file` } };
  }
  const tls = { caFile, certFile, keyFile };
  const read = readTls(tls);
  if (!read.ok)
    return { ok: false, error: { ...read.error, pointer: `/${section}/${SETTING_OF[read.at ?? "caFile"]}` } };
  const given = Object.entries(tls).filter(([, path]) => path !== undefined);
  return ok({
    ...(passwordFile === undefined ? {} : { passwordFile }),
    ...(given.length === 0 ? {} : { tls: Object.fromEntries(given) }),
  });
}

/** What is at a path: a folder, also behind a link; nothing; or something else, such as a file, a link to nothing, or what cannot be looked at. */
function foundAt(path: string): "folder" | "nothing" | "other" {
  try {
    return statSync(path).isDirectory() ? "folder" : "other";
  } catch (error) {
    const code = typeof error === "object" && error !== null && "code" in error ? error.code : undefined;
    if (code !== "ENOENT" && code !== "ENOTDIR") return "other";
  }
  try {
    lstatSync(path);
    return "other";
  } catch {
    return "nothing";
  }
}

/**
 * A folder that a service writes to. It is made when it is missing; what stands in its place, or in that of a parent, is wrong. The
 * nearest path that exists decides: what `statSync` answers for a path below a file depends on the version of Node.
 */
export function folderOf(path: string, pointer: string): Result<string> {
  let at = path;
  while (foundAt(at) === "nothing" && at !== dirname(at)) at = dirname(at);
  if (foundAt(at) === "folder") return ok(path);
  const why = at === path ? `${path} is not a folder` : `${path} cannot be a folder: ${at} is not one`;
  return fail("setting_invalid", why, { pointer });
}
