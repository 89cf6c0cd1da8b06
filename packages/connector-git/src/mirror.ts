import { Mutex } from "@seb/concurrency";
import { fail, ok, type Result } from "@seb/schema";
import { linesOf } from "./git-starter.js";
import { MARKER_PREFIX } from "./names.js";
import { type Access, listRefs } from "./remote.js";
import type { Repository } from "./repository.js";

/** What the target held at one moment; all of it is in the cache. */
export interface Tips {
  readonly head: string;
  /** Object under the marker ref of the certificate asked for, when there is one. */
  readonly marker: string | undefined;
}

type SyncCode = "target_unavailable" | "target_refused";

const CACHE_PREFIX = "refs/seb-cache/";
const MAX_ROUNDS = 3;
const MAX_KNOWN = 256;

/** Brings a target's branches into the cache. Any number of calls may run at once; only fetches wait for each other. */
export class Mirror {
  readonly repository: Repository;
  readonly #turns = new Map<string, Mutex>();
  readonly #recent = new Map<string, { readonly head: string; readonly atMs: number }>();
  readonly #mutex = new Mutex();
  readonly #known = new Set<string>();
  readonly #roots = new Map<string, { readonly head: string; readonly root: string }>();
  #emptyBlob: string | undefined;

  constructor(repository: Repository) {
    this.repository = repository;
  }

  /** Head of the branch now, and the marker, seen by one listing. Fetches only what the cache lacks. */
  async sync(branch: string, certId: string | undefined, access: Access): Promise<Result<Tips, SyncCode>> {
    const branchRef = `refs/heads/${branch}`;
    const markerRef = certId === undefined ? undefined : `${MARKER_PREFIX}${certId}`;
    for (let round = 1; round <= MAX_ROUNDS; round += 1) {
      const listed = await listRefs(
        this.repository,
        markerRef === undefined ? [branchRef] : [branchRef, markerRef],
        access,
      );
      if (!listed.ok) return listed;
      const head = listed.value.get(branchRef);
      const marker = markerRef === undefined ? undefined : listed.value.get(markerRef);
      if (head === undefined) return fail("target_refused", "The repository has no such branch.");
      const present = await this.#bring(head, `+${branchRef}:${CACHE_PREFIX}${branch}`, access);
      if (!present.ok) return present;
      // False when the branch was rewritten between listing and fetching.
      if (present.value) {
        this.#recent.set(branch, { head, atMs: performance.now() });
        return ok({ head, marker });
      }
    }
    return fail("target_unavailable", "The branch is rewritten faster than it can be read.");
  }

  /** Head of the branch as it was seen, or set from here, within the last `maxAgeMs`. */
  recentHead(branch: string, maxAgeMs: number): string | undefined {
    const seen = this.#recent.get(branch);
    return seen !== undefined && performance.now() - seen.atMs <= maxAgeMs ? seen.head : undefined;
  }

  /** Turns of those who change a branch: beside each other they would only make each other's pushes fail. */
  turnsOf(branch: string): Mutex {
    const turns = this.#turns.get(branch) ?? new Mutex();
    this.#turns.set(branch, turns);
    return turns;
  }

  /** Says that the branch was moved from here, by a commit upon its head. */
  moved(branch: string, from: string, to: string): void {
    this.#recent.set(branch, { head: to, atMs: performance.now() });
    const root = this.#roots.get(branch);
    if (root?.head === from) this.#roots.set(branch, { head: to, root: root.root });
  }

  /** Brings the object under a marker ref. False when the ref no longer holds it. */
  bringMarker(oid: string, certId: string, access: Access): Promise<Result<boolean, "target_unavailable">> {
    return this.#bring(oid, `${MARKER_PREFIX}${certId}`, access);
  }

  /** Says that a commit made here is in the cache. */
  remember(oid: string): void {
    if (this.#known.size >= MAX_KNOWN) this.#known.clear();
    this.#known.add(oid);
  }

  /** Id of the empty blob, which marks a fenced execution; it is in the cache afterwards. `oidLength` as in `Repository.prepare`. */
  async emptyBlob(oidLength: number, signal: AbortSignal): Promise<Result<string, "target_unavailable">> {
    if (this.#emptyBlob !== undefined) return ok(this.#emptyBlob);
    const prepared = await this.#mutex.run(() => this.repository.prepare(oidLength, signal), signal);
    if (prepared !== true) return broken();
    const end = await this.repository.run(["hash-object", "-w", "--stdin"], { signal });
    const [oid] = linesOf(end);
    if (end.exit !== 0 || oid === undefined) return broken();
    this.#emptyBlob = oid;
    return ok(oid);
  }

  /** The first commit of the branch's first-parent history: what makes this repository this one. */
  async root(branch: string, head: string, signal: AbortSignal): Promise<Result<string, "target_unavailable">> {
    const known = this.#roots.get(branch);
    if (known?.head === head) return ok(known.root);
    // Behind a known head only what is new has to be walked; when that part has no root, the old one still holds.
    const range = known === undefined ? [head] : [head, `^${known.head}`];
    const end = await this.repository.run(["rev-list", "--first-parent", "--max-parents=0", ...range], { signal });
    const root = linesOf(end).at(-1) ?? known?.root;
    if (end.exit !== 0 || root === undefined) return broken();
    this.#roots.set(branch, { head, root });
    return ok(root);
  }

  async #bring(oid: string, refspec: string, access: Access): Promise<Result<boolean, "target_unavailable">> {
    if (this.#known.has(oid)) return ok(true);
    const brought = await this.#mutex.run(() => this.#fetch(oid, refspec, access), access.signal);
    return brought ?? fail("target_unavailable", "Stopped while waiting for the local cache.");
  }

  async #fetch(oid: string, refspec: string, access: Access): Promise<Result<boolean, "target_unavailable">> {
    if (this.#known.has(oid)) return ok(true);
    if (!(await this.repository.prepare(oid.length, access.signal))) return broken();
    if (await this.#holds(oid, access.signal)) return ok(true);
    const flags = ["--quiet", "--no-tags", "--no-write-fetch-head", "--no-auto-gc", "--no-recurse-submodules"];
    const end = await this.repository.run(["fetch", ...flags, "--", this.repository.target.url, refspec], access);
    if (end.exit !== 0)
      return fail("target_unavailable", "The repository cannot be fetched.", { facts: { git: "fetch" } });
    return ok(await this.#holds(oid, access.signal));
  }

  /** Connected or absent: git moves fetched objects into the cache only after it has checked that nothing behind them is missing. */
  async #holds(oid: string, signal: AbortSignal): Promise<boolean> {
    const end = await this.repository.run(["cat-file", "-e", oid], { signal });
    if (end.exit === 0) this.remember(oid);
    return end.exit === 0;
  }
}

function broken() {
  return fail("target_unavailable", "The local cache of the repository cannot be used.");
}
