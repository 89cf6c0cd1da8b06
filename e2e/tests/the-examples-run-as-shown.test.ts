import { spawnSync } from "node:child_process";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { runCommand } from "@seb/testkit";
import { ROOT } from "../harness/build.js";
import { type Environment, startEnvironment } from "../harness/environment.js";

let world: Environment;
beforeAll(async () => {
  world = await startEnvironment();
});
afterAll(() => world?.cleanup());

/** Runs an example of the repository in the environment's folder, with nothing of this process's settings. */
const example = (command: string, file: string, replicas: number) =>
  runCommand({
    command,
    args: [`${ROOT}/examples/${file}`, ".seb", String(replicas)],
    cwd: world.folder,
    env: { PATH: process.env.PATH, HOME: world.folder },
    timeoutMs: 60_000,
  });

// Neither SEB nor its tests need curl: where there is none, there is nothing to show with it.
const hasCurl = spawnSync("curl", ["--version"]).status === 0;

describe.each([
  ["the SDK", process.execPath, "sdk/change.mjs", 12] as const,
  ...(hasCurl ? [["curl", "sh", "curl/change.sh", 9] as const] : []),
])("the example by %s", (_name, command, file, replicas) => {
  it("asks for a certificate and has the change made", async () => {
    const before = world.gitops.commits();
    const ran = await example(command, file, replicas);
    expect({ code: ran.code, stderr: ran.stderr }).toEqual({ code: 0, stderr: "" });
    expect(ran.stdout).toContain(`executed: commit ${world.gitops.head()}`);
    expect(world.gitops.commits()).toBe(before + 1);
    expect(world.gitops.replicas("checkout", "us-east-1")).toBe(replicas);
  });

  it("shows the refusal of more than was certified, and changes nothing", async () => {
    const before = world.gitops.commits();
    const ran = await example(command, file, 40);
    expect(ran.code).toBe(1);
    expect(ran.stderr).toContain("scope_exceeded");
    expect(world.gitops.commits()).toBe(before);
  });
});
