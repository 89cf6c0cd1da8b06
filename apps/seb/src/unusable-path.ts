import { fail, type Result } from "@seb/schema";

/** What the system answers when a path cannot be used as it was given. A full or failing disk is none of it. */
const WHY: Readonly<Record<string, string>> = {
  ENOENT: "there is nothing at this path, or at one of its folders",
  ENOTDIR: "a part of it that has to be a folder is a file",
  EEXIST: "a part of it that has to be a folder is a file, or a link to nothing",
  EISDIR: "it is a folder",
  EACCES: "this user may not",
  EPERM: "this user may not",
  EROFS: "the file system is read-only",
  ELOOP: "its links lead in a circle",
  ENAMETOOLONG: "a name in it is too long",
};

/**
 * The mistake that a failed call of the file system shows: a path of the caller's that cannot be used, such as one below a file. That a path
 * could be used a moment ago proves nothing, and what `existsSync` or `mkdirSync` answers below a file depends on the version of Node:
 * the failed call itself decides.
 *
 * @param error anything thrown; looked at by its shape.
 * @returns `setting_invalid` with call, path and reason; undefined when it is something else.
 */
export function unusablePath(error: unknown): Result<never, "setting_invalid"> | undefined {
  if (typeof error !== "object" || error === null) return undefined;
  const { code, syscall, path }: Readonly<Record<string, unknown>> = { ...error };
  if (typeof code !== "string" || typeof syscall !== "string" || typeof path !== "string") return undefined;
  const why = Object.hasOwn(WHY, code) ? WHY[code] : undefined;
  return why === undefined ? undefined : fail("setting_invalid", `${path} cannot be used (${syscall}): ${why}`);
}
