import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { rename } from "node:fs/promises";
import type { Bundle } from "@seb/catalogue";
import { exists } from "@seb/mounts";
import { fail } from "@seb/schema";
import { DevError } from "../failure.js";

/** One deployment file of the GitOps repository. */
interface Deployed {
  readonly path: string;
  readonly service: string;
  readonly region: string;
  readonly repository: string;
}

/** Digest of an image that dev made up: build `n` of a service. */
export function imageDigest(service: string, n: number): string {
  return `sha256:${createHash("sha256").update(`${service} build ${n}`).digest("hex")}`;
}

/** Where a service's deployment lies: what its entry says, else `apps/<service>/<region>/deployment.yaml`. */
function deployedOf(bundle: Bundle): readonly Deployed[] {
  return [...bundle.services.values()].flatMap((service) =>
    Object.entries(service.regions).map(([region, { values }]) => ({
      path: values.path ?? `apps/${service.name}/${region}/deployment.yaml`,
      service: service.name,
      region,
      repository: service.image_repository,
    })),
  );
}

function manifest({ service, region, repository }: Deployed, build: number): string {
  return `apiVersion: apps/v1
kind: Deployment
metadata:
  name: ${service}
  namespace: ${service}
  labels:
    app: ${service}
    region: ${region}
spec:
  replicas: 6
  selector:
    matchLabels:
      app: ${service}
  template:
    metadata:
      labels:
        app: ${service}
    spec:
      containers:
        - name: ${service}
          image: ${repository}@${imageDigest(service, build)}
          ports:
            - containerPort: 8080
`;
}

interface Commit {
  readonly message: string;
  readonly seconds: number;
  readonly files: ReadonlyMap<string, string>;
}

const data = (text: string) => `data ${Buffer.byteLength(text, "utf8")}\n${text}\n`;

/** The stream that git-fast-import(1) reads: no worktree, no index, one process. */
function importStream(commits: readonly Commit[]): string {
  return commits
    .map(({ message, seconds, files }) => {
      const edits = [...files].map(([path, text]) => `M 100644 inline ${path}\n${data(text)}`);
      return `commit refs/heads/main\ncommitter Platform team <platform@example.invalid> ${seconds} +0000\n${data(message)}${edits.join("")}`;
    })
    .join("\n");
}

/** Runs git without the user's configuration; anything but exit 0 is a {@link DevError}. */
export function runGit(args: readonly string[], input = ""): Promise<string> {
  return new Promise((resolve, reject) => {
    const env = {
      PATH: process.env.PATH,
      HOME: "/nonexistent",
      GIT_CONFIG_NOSYSTEM: "1",
      GIT_CONFIG_GLOBAL: "/dev/null",
    };
    const child = spawn("git", args, { env, stdio: ["pipe", "pipe", "pipe"] });
    let stdout = "";
    const failed = (detail: string) => reject(new DevError(fail("setting_invalid", detail).error));
    child.stdout.on("data", (chunk: Buffer) => {
      stdout += chunk.toString("utf8");
    });
    child.stderr.resume();
    child.stdin.on("error", () => undefined);
    child.on("error", () => failed("git cannot be started: install it and put it on PATH"));
    child.on("close", (code) => (code === 0 ? resolve(stdout) : failed(`git ${args[0] ?? ""} ended with ${code}`)));
    child.stdin.end(input);
  });
}

/**
 * Makes the bare GitOps repository with a deployment for every service and region of the bundle, and two builds in its
 * history, so that there is a previous image to go back to.
 */
export async function makeGitops(path: string, bundle: Bundle, nowSeconds: number): Promise<void> {
  if (await exists(path)) return;
  const deployed = deployedOf(bundle);
  const build = (n: number) => new Map(deployed.map((item) => [item.path, manifest(item, n)]));
  const readme = "# GitOps repository\n\nWhat runs in production. Changed by the broker only.\n";
  const building = `${path}.${process.pid}.next`;
  await runGit(["init", "--quiet", "--bare", "--initial-branch=main", building]);
  const stream = importStream([
    { message: "Deploy build 1", seconds: nowSeconds - 7200, files: new Map([["README.md", readme], ...build(1)]) },
    { message: "Deploy build 2", seconds: nowSeconds - 3600, files: build(2) },
  ]);
  await runGit([`--git-dir=${building}`, "fast-import", "--quiet"], stream);
  await rename(building, path);
}
