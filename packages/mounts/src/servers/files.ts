import { X509Certificate } from "node:crypto";
import { lstatSync, readFileSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { createSecureContext } from "node:tls";
import { fail, ok, type Result } from "@seb/schema";
import { readSecretFile } from "@seb/service-kit";

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

/**
 * Looks at the files by which a service comes in at `section`: secrets that only their owner can read and that are not empty,
 * certificates that are PEM, a key that belongs to its certificate. A failure's pointer names the setting.
 */
export function accessOf(section: string, files: AccessFiles, at: (path: string) => string): Result<Access> {
  const { username, password_file, ca_file, cert_file, key_file } = files;
  const wrong = (setting: string, why: string) => fail("setting_invalid", why, { pointer: `/${section}/${setting}` });
  if ((username === undefined) !== (password_file === undefined))
    return wrong("password_file", "a user and its password file go together");
  if ((cert_file === undefined) !== (key_file === undefined))
    return wrong("key_file", "a client certificate and its key go together");
  for (const [setting, path] of Object.entries({ password_file, key_file })) {
    if (path === undefined) continue;
    const read = readSecretFile(at(path));
    if (!read.ok) return { ok: false, error: { ...read.error, pointer: `/${section}/${setting}` } };
    if (read.value.trim() === "") return wrong(setting, `${at(path)} is empty`);
  }
  for (const [setting, path] of Object.entries({ ca_file, cert_file })) {
    const text = path === undefined ? undefined : textOf(at(path));
    if (path !== undefined && text === undefined)
      return fail("setting_missing", `cannot open ${at(path)}`, { pointer: `/${section}/${setting}` });
    if (path !== undefined && !holdsCertificates(text ?? ""))
      return wrong(setting, `${at(path)} holds no PEM certificate`);
  }
  if (cert_file !== undefined && key_file !== undefined && !belongTogether(at(cert_file), at(key_file)))
    return wrong("key_file", `${at(key_file)} is not the key of ${at(cert_file)}`);
  const tls = {
    ...(ca_file === undefined ? {} : { caFile: at(ca_file) }),
    ...(cert_file === undefined ? {} : { certFile: at(cert_file) }),
    ...(key_file === undefined ? {} : { keyFile: at(key_file) }),
  };
  return ok({
    ...(password_file === undefined ? {} : { passwordFile: at(password_file) }),
    ...(Object.keys(tls).length === 0 ? {} : { tls }),
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

/** The text of a file; undefined when it cannot be read. */
function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g;

/** One PEM certificate or more, each readable: a bundle of anything else would let the client trust nobody, without a word. */
function holdsCertificates(text: string): boolean {
  const blocks = text.match(CERTIFICATE) ?? [];
  try {
    for (const block of blocks) new X509Certificate(block);
  } catch {
    return false;
  }
  return blocks.length > 0;
}

function belongTogether(certFile: string, keyFile: string): boolean {
  try {
    createSecureContext({ cert: readFileSync(certFile), key: readFileSync(keyFile) });
    return true;
  } catch {
    return false;
  }
}
