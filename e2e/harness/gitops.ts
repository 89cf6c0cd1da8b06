import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

const ENV = {
  PATH: process.env.PATH,
  HOME: "/nonexistent",
  GIT_CONFIG_NOSYSTEM: "1",
  GIT_CONFIG_GLOBAL: "/dev/null",
  GIT_AUTHOR_NAME: "Somebody",
  GIT_AUTHOR_EMAIL: "somebody@example.invalid",
  GIT_COMMITTER_NAME: "Somebody",
  GIT_COMMITTER_EMAIL: "somebody@example.invalid",
};

/** The target as seen from outside: what production would run. */
export interface Gitops {
  /** Text of a file at the head of main. */
  file(path: string): string;
  head(): string;
  commits(): number;
  /** Full message of a commit. */
  message(commit: string): string;
  refs(): readonly string[];
  /** Somebody else commits a change of one file. */
  commit(path: string, change: (text: string) => string): string;
  image(service: string, region: string): string;
  replicas(service: string, region: string): number;
}

export const deploymentPath = (service: string, region: string) => `apps/${service}/${region}/deployment.yaml`;

/** Digest of build `n` of a service as the dev environment makes them up. */
export const buildDigest = (service: string, n: number) =>
  `sha256:${createHash("sha256").update(`${service} build ${n}`).digest("hex")}`;

export function createGitops(bare: string, scratch: string): Gitops {
  const git = (...args: string[]) =>
    execFileSync("git", [`--git-dir=${bare}`, ...args], {
      env: ENV,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "pipe"],
    });
  const file = (path: string) => git("show", `main:${path}`);
  const found = (text: string, pattern: RegExp) => pattern.exec(text)?.[1] ?? "";
  return {
    file,
    head: () => git("rev-parse", "main").trim(),
    commits: () => Number(git("rev-list", "--count", "main")),
    message: (commit) => git("log", "-1", "--format=%B", commit),
    refs: () => git("for-each-ref", "--format=%(refname)").trim().split("\n"),
    commit(path, change) {
      const work = mkdtempSync(join(scratch, "work-"));
      const run = (...args: string[]) =>
        execFileSync("git", args, { cwd: work, env: ENV, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
      run("clone", "--quiet", bare, ".");
      let before = "";
      try {
        before = file(path);
      } catch {
        // a new file
      }
      mkdirSync(dirname(join(work, path)), { recursive: true });
      writeFileSync(join(work, path), change(before));
      run("add", "--all");
      run("commit", "--quiet", "--message", `Change ${path}`);
      run("push", "--quiet", "origin", "HEAD:main");
      rmSync(work, { recursive: true, force: true });
      return git("rev-parse", "main").trim();
    },
    image: (service, region) => found(file(deploymentPath(service, region)), /image: (\S+)/),
    replicas: (service, region) => Number(found(file(deploymentPath(service, region)), /replicas: (\d+)/)),
  };
}
