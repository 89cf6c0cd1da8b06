import { isOid } from "@seb/connector-git-language";
import { fail, ok, type Result } from "@seb/schema";
import { linesOf } from "./git-starter.js";
import type { Repository } from "./repository.js";

/** What a run that talks to the target needs. */
export interface Access {
  readonly signal: AbortSignal;
  readonly authorization: string | undefined;
}

/** One ref to be set. */
export interface RefUpdate {
  readonly ref: string;
  readonly to: string;
  /** What the ref must hold now; undefined when it must not exist. */
  readonly from: string | undefined;
}

/**
 * `accepted` all refs are set; `refused` the target or the comparison said no, and no ref was set; `unsent` nothing has left this process;
 * `unclear` anything may have happened.
 */
export type PushEnd = "accepted" | "refused" | "unsent" | "unclear";

const REPORT = /^([ +*!=-])\t[^\t]*:([^\t]+)\t(.*)$/;

/** Asks the target for the given refs (full names); those that do not exist are absent from the answer. */
export async function listRefs(
  repository: Repository,
  refs: readonly string[],
  access: Access,
): Promise<Result<ReadonlyMap<string, string>, "target_unavailable">> {
  if (!(await repository.openFolders())) return fail("target_unavailable", "The cache folder cannot be made.");
  const end = await repository.run(["ls-remote", "--quiet", "--", repository.target.url, ...refs], access);
  if (end.exit !== 0)
    return fail("target_unavailable", "The repository cannot be listed.", { facts: { git: "ls-remote" } });
  const found = new Map<string, string>();
  for (const line of linesOf(end)) {
    const [oid, ref] = line.split("\t");
    // git matches names by their end: refs/x/refs/heads/main comes along with refs/heads/main.
    if (ref !== undefined && refs.includes(ref) && isOid(oid)) found.set(ref, oid);
  }
  return ok(found);
}

/** Sets all refs or none, each by compare and swap. */
export async function push(repository: Repository, updates: readonly RefUpdate[], access: Access): Promise<PushEnd> {
  const leases = updates.map(({ ref, from }) => `--force-with-lease=${ref}:${from ?? ""}`);
  const refspecs = updates.map(({ ref, to }) => `${to}:${ref}`);
  const end = await repository.run(
    [
      "push",
      "--no-progress",
      "--porcelain",
      "--atomic",
      "--no-verify",
      ...leases,
      "--",
      repository.target.url,
      ...refspecs,
    ],
    access,
  );
  if (!end.started || (end.unreached && end.stdout.length === 0)) return "unsent";
  return judge(end.exit, linesOf(end), updates);
}

/** Only a complete report is believed: after a lost connection, refs that git lists as set or failed may be either. */
function judge(exit: number | undefined, lines: readonly string[], updates: readonly RefUpdate[]): PushEnd {
  const reports = new Map<string, { readonly flag: string; readonly summary: string }>();
  for (const line of lines) {
    const [, flag, ref, summary] = REPORT.exec(line) ?? [];
    if (flag !== undefined && ref !== undefined && summary !== undefined) reports.set(ref, { flag, summary });
  }
  const all = updates.map(({ ref }) => reports.get(ref));
  if (all.some((report) => report === undefined || report.summary.startsWith("[remote failure]"))) return "unclear";
  const refusals = all.filter((report) => report?.flag === "!").length;
  if (exit === 0 && refusals === 0) return "accepted";
  const untouched = all.filter((report) => report?.flag === "=").length;
  return exit === 1 && refusals > 0 && refusals + untouched === all.length ? "refused" : "unclear";
}
