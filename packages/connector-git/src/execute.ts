import { askGuard, type ExecuteResult } from "@seb/connector";
import { fail, ok, type Result } from "@seb/schema";
import { makeCommit } from "./commit.js";
import { editFile } from "./edit.js";
import { readMarker } from "./marker.js";
import type { Mirror, Tips } from "./mirror.js";
import { MARKER_PREFIX } from "./names.js";
import type { ChangedFile, Objects } from "./objects.js";
import { type Access, push } from "./remote.js";
import type { Plan } from "./session.js";

/** One execution, checked and ready to be sent. */
export interface Job extends Plan {
  readonly branch: string;
  /** Wall clock in milliseconds after which nothing is sent. */
  readonly notAfterMs: number;
  readonly nowMs: () => number;
  /** True once the execution was recalled in this process. */
  readonly recalled: () => boolean;
}

type NotExecuted = Extract<ExecuteResult, { state: "not_executed" }>;

/** How often a commit is built on a newer head before giving up. */
const MAX_PUSHES = 5;
/**
 * A head seen this recently, in milliseconds, is built upon without asking again: the push compares head and marker itself. The bound keeps
 * it likely that the repository answers at all, for after a push that gets no answer nobody knows.
 */
const RECENT_MS = 2000;
const STOPPED = "Stopped before anything was sent.";

/**
 * Builds the commit upon the branch's head and pushes it together with the marker, both by compare and swap. When somebody else was
 * faster, everything is looked at anew: as long as the certified files are untouched the commit is built again, at most 5 times.
 * Executions of this process on one branch wait for each other, so that they do not overtake one another.
 */
export async function executeJob(
  mirror: Mirror,
  objects: Objects,
  job: Job,
  access: Access,
  guard: () => Promise<boolean>,
): Promise<ExecuteResult> {
  let refusedAt: string | undefined;
  for (let pushes = 0; ; pushes += 1) {
    const attempt = () => attemptOnce(mirror, objects, job, access, guard, { refusedAt, pushes });
    const end = await mirror.turnsOf(job.branch).run(attempt, access.signal);
    if (end === undefined) return notExecuted("target_unavailable", STOPPED);
    if (typeof end !== "string") return end;
    refusedAt = end;
  }
}

/** The end of the execution, or the head upon which the push was refused. */
async function attemptOnce(
  mirror: Mirror,
  objects: Objects,
  job: Job,
  access: Access,
  guard: () => Promise<boolean>,
  before: { readonly refusedAt: string | undefined; readonly pushes: number },
): Promise<ExecuteResult | string> {
  const recent = before.pushes === 0 ? mirror.recentHead(job.branch, RECENT_MS) : undefined;
  const tips = { head: recent ?? "", marker: undefined };
  const seen = recent === undefined ? await mirror.sync(job.branch, job.certId, access) : ok(tips);
  if (!seen.ok) return notExecuted(seen.error.code, seen.error.detail);
  const { head, marker } = seen.value;
  if (marker !== undefined) return byMarker(mirror, objects, job, seen.value, access);
  if (before.refusedAt === head) return notExecuted("target_refused", "The repository refused the commit.");
  if (before.pushes === MAX_PUSHES) return notExecuted("target_unavailable", "The branch moved on before each push.");
  const commit = await build(mirror, objects, job, head, access);
  if (!commit.ok) {
    if (commit.error.code !== "state_drifted") return notExecuted(commit.error.code, commit.error.detail);
    return drifted(mirror, objects, job, access);
  }
  const stopped = await mayNotSend(job, access, guard);
  if (stopped !== undefined) return stopped;
  const { oid, files } = commit.value;
  const end = await send(mirror, job, head, oid, access);
  if (end === "accepted") {
    mirror.moved(job.branch, head, oid);
    objects.derive(head, oid, files);
    return { state: "executed", result: { commit: oid, branch: job.branch } };
  }
  if (end === "unclear")
    return { state: "unknown", detail: "The connection ended before the repository had answered." };
  return end === "unsent" ? notExecuted("target_unavailable", STOPPED) : head;
}

/** A commit in the cache, and what it changed. */
interface Built {
  readonly oid: string;
  readonly files: readonly ChangedFile[];
}

/** Blobs, trees and commit in the cache, or why not; `state_drifted` when a certified file is no longer the same. */
async function build(
  mirror: Mirror,
  objects: Objects,
  job: Job,
  head: string,
  { signal }: Access,
): Promise<Result<Built, "state_drifted" | "target_refused" | "target_unavailable">> {
  const files = await objects.files(head, [...job.certified.keys()], signal);
  if (!files.ok) return files;
  for (const [path, oid] of job.certified) {
    if (files.value.get(path)?.oid !== oid) return fail("state_drifted", "A certified file has changed.");
  }
  const texts = await objects.texts(
    [...files.value.values()].map(({ oid }) => oid),
    signal,
  );
  if (!texts.ok) return texts;
  const changed: ChangedFile[] = [];
  for (const edit of job.operation.edits) {
    const file = files.value.get(edit.path);
    const text = texts.value.get(file?.oid ?? "");
    if (file === undefined || text === undefined) return fail("target_refused", "A file cannot be read as text.");
    const edited = editFile(text, edit);
    if (!edited.ok) return edited;
    changed.push({ file, text: edited.value });
  }
  const atSeconds = Math.floor(job.nowMs() / 1000);
  const made = { parent: head, message: job.message, files: changed, atSeconds };
  const oid = await makeCommit(mirror.repository, made, signal);
  return oid.ok ? ok({ oid: oid.value, files: changed }) : oid;
}

/** Why nothing may be sent any more; the guard comes last, immediately before the sending. */
async function mayNotSend(
  job: Job,
  { signal }: Access,
  guard: () => Promise<boolean>,
): Promise<NotExecuted | undefined> {
  const allowed = !job.recalled() && !signal.aborted && (await askGuard(guard, signal));
  if (signal.aborted) return notExecuted("target_unavailable", STOPPED);
  if (!allowed || job.recalled()) return notExecuted("recalled", "The guard said no.");
  if (job.nowMs() >= job.notAfterMs) return notExecuted("expired", "The certificate's window has ended.");
  return undefined;
}

function send(mirror: Mirror, job: Job, head: string, commit: string, access: Access) {
  mirror.remember(commit);
  const updates = [
    { ref: `refs/heads/${job.branch}`, to: commit, from: head },
    { ref: `${MARKER_PREFIX}${job.certId}`, to: commit, from: undefined },
  ];
  return push(mirror.repository, updates, access);
}

/** A change of this very certificate also changes the certified files: the marker decides which of the two it was. */
async function drifted(mirror: Mirror, objects: Objects, job: Job, access: Access): Promise<ExecuteResult> {
  const again = await mirror.sync(job.branch, job.certId, access);
  if (again.ok && again.value.marker !== undefined) return byMarker(mirror, objects, job, again.value, access);
  return notExecuted("state_drifted", "A certified file has changed since it was observed.");
}

async function byMarker(
  mirror: Mirror,
  objects: Objects,
  { certId, branch }: Job,
  tips: Tips,
  access: Access,
): Promise<ExecuteResult> {
  const found = await readMarker(mirror, objects, { certId, branch, tips }, access);
  if (!found.ok) return { state: "unknown", detail: found.error.detail };
  if (found.value.state === "executed") return found.value;
  if (found.value.state === "cannot_tell") return { state: "unknown", detail: found.value.detail };
  return notExecuted("fence_lost", "The execution was fenced.");
}

function notExecuted(code: NotExecuted["code"], detail: string): NotExecuted {
  return { state: "not_executed", code, detail };
}
