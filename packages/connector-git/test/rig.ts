// A bare repository in a temporary folder, changed by the real git binary, for the tests of this package.
import { execFile } from "node:child_process";
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

export const DEPLOYMENT = "apps/checkout/us-east-1/deployment.yaml";
export const CONFIG = "apps/checkout/us-east-1/config.json";
export const IMAGE = "registry.example/checkout@sha256:";
export const OLD_IMAGE = `${IMAGE}${"a".repeat(64)}`;
export const NEW_IMAGE = `${IMAGE}${"b".repeat(64)}`;

export const MANIFEST = `# Owned by the checkout team.
apiVersion: apps/v1
kind: Deployment
metadata:
    name: checkout   # four spaces, on purpose
    labels: {team: "checkout", 'tier': one}
spec:
    replicas: 3 # see the runbook
    template:
        spec:
            containers:
            - name: app
              image: ${OLD_IMAGE}
              args: [ "--verbose",  '--port=80' ]

            - name: sidecar
              image: "registry.example/proxy:1"
`;

/** A bare repository and everything a test does to it from outside. */
export class GitRig {
  readonly folder: string;
  readonly url: string;

  private constructor(folder: string) {
    this.folder = folder;
    this.url = join(folder, "target.git");
  }

  /** Makes the repository with one commit on main. */
  static async start(files: Readonly<Record<string, string>> = { [DEPLOYMENT]: MANIFEST }): Promise<GitRig> {
    const rig = new GitRig(await mkdtemp(join(tmpdir(), "seb-git-")));
    await rig.git(["init", "--quiet", "--bare", "--initial-branch=main", "--template=", rig.url], rig.folder);
    await rig.commit(files);
    return rig;
  }

  /** Runs git on the repository, as an administrator of it would; answers standard output without the last newline. */
  async git(args: readonly string[], cwd = this.url, input?: string | Uint8Array): Promise<string> {
    const env = { PATH: process.env.PATH, HOME: this.folder, GIT_CONFIG_NOSYSTEM: "1", LC_ALL: "C" };
    const child = run("git", [...args], { cwd, env, maxBuffer: 33_554_432 });
    // A git that needs no input may have ended already.
    child.child.stdin?.on("error", () => undefined);
    child.child.stdin?.end(input ?? "");
    return (await child).stdout.replace(/\n$/, "");
  }

  /** Somebody else commits: contents or object id by path (null removes), with a mode of its own in `mode:path`. */
  async commit(files: Readonly<Record<string, string | null>>, branch = "main"): Promise<string> {
    const head = await this.git(["for-each-ref", "--format=%(objectname)", `refs/heads/${branch}`]);
    const lines = Object.entries(files).flatMap(([name, text]) => {
      const [, mode = "100644", path] = /^(?:(\d{6}):)?(.*)$/.exec(name) ?? [];
      if (text === null) return [`D ${path}`];
      if (/^[0-9a-f]{40}$/.test(text)) return [`M ${mode} ${text} ${path}`];
      return [`M ${mode} inline ${path}`, `data ${Buffer.byteLength(text)}\n${text}`];
    });
    const input = [
      `commit refs/heads/${branch}`,
      "committer Somebody <somebody@example.invalid> 1700000000 +0000",
      "data 6\nchange",
      ...(head === "" ? [] : [`from ${head}`]),
      ...lines,
      "",
    ].join("\n");
    await this.git(["fast-import", "--quiet", "--date-format=raw"], this.url, input);
    return this.git(["rev-parse", `refs/heads/${branch}`]);
  }

  head(branch = "main"): Promise<string> {
    return this.git(["rev-parse", `refs/heads/${branch}`]);
  }

  read(path: string, at = "main"): Promise<string> {
    return this.git(["show", `${at}:${path}`]).then((text) => `${text}\n`);
  }

  /** Object under a ref, or "" when there is none. */
  ref(name: string): Promise<string> {
    return this.git(["for-each-ref", "--format=%(objectname)", name]);
  }

  /** Every file of the branch with its mode and blob id. */
  async tree(at = "main"): Promise<Record<string, string>> {
    const lines = (await this.git(["ls-tree", "-r", at])).split("\n");
    return Object.fromEntries(lines.map((line) => line.split("\t").reverse()));
  }

  /** Installs a server-side hook: the text of a shell script. */
  async hook(name: string, script: string): Promise<void> {
    await this.git(["config", "core.hooksPath", join(this.url, "hooks")]);
    await run("mkdir", ["-p", join(this.url, "hooks")]);
    await writeFile(join(this.url, "hooks", name), `#!/bin/sh\n${script}\n`);
    await chmod(join(this.url, "hooks", name), 0o755);
  }

  stop(): Promise<void> {
    return rm(this.folder, { recursive: true, force: true, maxRetries: 3 });
  }
}
