import { type GitEntry, readTarget } from "@seb/connector-git-language";
import { type Named, readTargets } from "@seb/connector-language";
import type { Result } from "@seb/schema";

/** One entry of targets.yaml with `connector: git`, under its name. */
export type GitTarget = Named<GitEntry>;

/** The git targets among all entries of targets.yaml, by name; `setting_invalid` lists every mistake and repeats no value. */
export function readGitTargets(
  entries: Readonly<Record<string, unknown>>,
): Result<ReadonlyMap<string, GitTarget>, "setting_invalid"> {
  return readTargets("git", entries, readTarget);
}
