import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { gitEnvironment } from "./environment.js";
import type { GitEnd, GitStarter } from "./git-starter.js";
import type { GitTarget } from "./targets.js";

/** Bounds of every git process. */
export interface GitLimits {
  /** Longest run of one process, in milliseconds. */
  readonly timeoutMs: number;
  /** Most bytes of standard output. */
  readonly maxOutputBytes: number;
}

/** What one run may do besides its arguments. */
export interface RunOptions {
  readonly signal: AbortSignal;
  readonly input?: string;
  /** Header for runs that talk to the target. */
  readonly authorization?: string | undefined;
}

/** The private bare repository that caches one target, and the git binary pointed at it. One process may use a folder at a time. */
export class Repository {
  readonly target: GitTarget;
  readonly #folder: string;
  readonly #home: string;
  readonly #limits: GitLimits;
  readonly #starter: GitStarter;
  readonly #environment: Readonly<Record<string, string>>;
  #opened = false;
  #ready = false;

  constructor(target: GitTarget, cacheFolder: string, limits: GitLimits, starter: GitStarter) {
    const address = createHash("sha256").update(target.url).digest("hex").slice(0, 16);
    this.target = target;
    this.#folder = join(cacheFolder, `${target.name}-${address}.git`);
    this.#home = join(cacheFolder, "home");
    this.#limits = limits;
    this.#starter = starter;
    this.#environment = gitEnvironment(target, this.#home);
  }

  /** Makes the folders; before this, nothing can run. False when the disk refuses. */
  async openFolders(): Promise<boolean> {
    if (this.#opened) return true;
    try {
      await mkdir(this.#home, { recursive: true, mode: 0o700 });
      await mkdir(this.#folder, { recursive: true, mode: 0o700 });
    } catch {
      return false;
    }
    this.#opened = true;
    return true;
  }

  /**
   * Makes the repository when it does not exist; call it in turn, never twice at once. False when git fails, is stopped, or the disk refuses.
   * A process that was killed may have left lock files behind, which would stop every later fetch: they are removed.
   *
   * @param oidLength 40 or 64: whether the target names its objects by SHA-1 or SHA-256.
   */
  async prepare(oidLength: number, signal: AbortSignal): Promise<boolean> {
    if (this.#ready) return true;
    if (!existsSync(join(this.#folder, "HEAD"))) {
      const format = `--object-format=${oidLength === 64 ? "sha256" : "sha1"}`;
      const made = await this.run(["init", "--quiet", "--bare", "--template=", "--initial-branch=none", format], {
        signal,
      });
      if (made.exit !== 0) return false;
    }
    this.#ready = await this.#removeLocks();
    return this.#ready;
  }

  async #removeLocks(): Promise<boolean> {
    try {
      for (const name of await readdir(this.#folder, { recursive: true })) {
        if (name.endsWith(".lock")) await rm(join(this.#folder, name), { force: true });
      }
      return true;
    } catch {
      return false;
    }
  }

  /** Runs git in the repository. Never rejects. */
  run(args: readonly string[], options: RunOptions): Promise<GitEnd> {
    const { authorization, input, signal } = options;
    return this.#starter.run({
      args,
      cwd: this.#home,
      env: {
        ...(authorization === undefined ? this.#environment : gitEnvironment(this.target, this.#home, authorization)),
        GIT_DIR: this.#folder,
      },
      signal,
      ...this.#limits,
      ...(input === undefined ? {} : { input }),
    });
  }
}
