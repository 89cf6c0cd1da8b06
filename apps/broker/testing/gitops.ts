import { execFileSync } from "node:child_process";
import { join } from "node:path";

const ENV = { PATH: process.env.PATH, HOME: "/nonexistent", GIT_CONFIG_NOSYSTEM: "1", GIT_CONFIG_GLOBAL: "/dev/null" };
const PATH = "apps/checkout/us-east-1/deployment.yaml";

/** A bare GitOps repository, as production would see it. */
export interface Gitops {
  readonly url: string;
  head(): string;
  commits(): number;
  replicas(): number;
  /** Kind of object under the marker of a certificate, if there is one. */
  marker(certId: string): string | undefined;
  /** Somebody else changes the certified file, or another one. */
  commit(replicas: number, path?: string): string;
}

const manifest = (replicas: number) => `apiVersion: apps/v1
kind: Deployment
metadata:
  name: checkout
spec:
  replicas: ${replicas}
  template:
    spec:
      containers:
        - name: checkout
          image: registry.example/checkout@sha256:${"b".repeat(64)}
`;

/** Makes the repository with one deployment of 6 replicas. */
export function makeGitops(folder: string): Gitops {
  const url = join(folder, "gitops.git");
  const git = (args: readonly string[], input = "") =>
    execFileSync("git", [`--git-dir=${url}`, ...args], { env: ENV, input, encoding: "utf8", stdio: "pipe" });
  let time = 1_800_000_000;
  const head = () => git(["rev-parse", "main"]).trim();
  const add = (path: string, text: string, from: string) => {
    time += 1;
    const data = (value: string) => `data ${Buffer.byteLength(value)}\n${value}\n`;
    const stream = `commit refs/heads/main\ncommitter Somebody <somebody@example.invalid> ${time} +0000\n${data("change")}${from}M 100644 inline ${path}\n${data(text)}`;
    git(["fast-import", "--quiet"], stream);
    return head();
  };
  execFileSync("git", ["init", "--quiet", "--bare", "--initial-branch=main", url], { env: ENV, stdio: "pipe" });
  add(PATH, manifest(6), "");
  return {
    url,
    head,
    commits: () => Number(git(["rev-list", "--count", "main"])),
    replicas: () => Number(/replicas: (\d+)/.exec(git(["show", `main:${PATH}`]))?.[1]),
    marker(certId) {
      try {
        return git(["cat-file", "-t", `refs/seb/${certId}`]).trim();
      } catch {
        return undefined;
      }
    },
    commit: (replicas, path = PATH) => add(path, manifest(replicas), `from ${head()}\n`),
  };
}
