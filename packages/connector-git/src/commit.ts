import { fail, ok, type Result } from "@seb/schema";
import { linesOf } from "./git-starter.js";
import type { ChangedFile } from "./objects.js";
import type { Repository } from "./repository.js";

/** A commit to be made. */
export interface NewCommit {
  readonly parent: string;
  readonly message: string;
  /** Files with their new contents; each keeps its mode. */
  readonly files: readonly ChangedFile[];
  /** Seconds since the Unix epoch. */
  readonly atSeconds: number;
}

let built = 0;

/**
 * Writes blobs, trees and the commit into the cache by one `git fast-import`, which touches only the folders on the way: its cost does not
 * grow with the repository. Every text is counted in bytes, so none can end early and be read as a command; no ref stays behind.
 */
export async function makeCommit(
  repository: Repository,
  commit: NewCommit,
  signal: AbortSignal,
): Promise<Result<string, "target_unavailable">> {
  built += 1;
  const ref = `refs/seb-cache-build/${process.pid}-${built}`;
  const { authorName, authorEmail } = repository.target;
  const who = `${authorName} <${authorEmail}> ${commit.atSeconds} +0000`;
  const input = [
    "feature done",
    `commit ${ref}`,
    "mark :1",
    `author ${who}`,
    `committer ${who}`,
    data(commit.message),
    `from ${commit.parent}`,
    ...commit.files.flatMap(({ file, text }) => [`M ${file.mode} inline ${file.path}`, data(text)]),
    "get-mark :1",
    `reset ${ref}`,
    `from ${"0".repeat(commit.parent.length)}`,
    "",
    "done",
    "",
  ].join("\n");
  const end = await repository.run(["fast-import", "--quiet", "--date-format=raw"], { signal, input });
  const [oid] = linesOf(end);
  if (end.exit !== 0 || oid === undefined)
    return fail("target_unavailable", "The commit cannot be written into the cache.");
  return ok(oid);
}

function data(text: string): string {
  return `data ${Buffer.byteLength(text, "utf8")}\n${text}`;
}
