import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { type GitRun, GitStarter, linesOf } from "./git-starter.js";

let folder: string;
let starter: GitStarter;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "seb-starter-"));
  starter = new GitStarter();
});
afterEach(() => {
  starter.close();
  rmSync(folder, { recursive: true, force: true });
});

const never = new AbortController().signal;

/** A run of the real git, or of a script in its place. */
function runOf(over: Partial<GitRun> & { readonly script?: string } = {}): GitRun {
  const { script, ...rest } = over;
  if (script !== undefined) {
    writeFileSync(join(folder, "git"), `#!/bin/sh\n${script}\n`);
    chmodSync(join(folder, "git"), 0o755);
  }
  const PATH = script === undefined ? (process.env.PATH ?? "") : `${folder}:${process.env.PATH ?? ""}`;
  const env = { PATH, HOME: folder, MARK: join(folder, "mark") };
  return { args: ["--version"], cwd: folder, env, timeoutMs: 5000, maxOutputBytes: 1000, signal: never, ...rest };
}

/** Waits until the script has begun. */
async function marked(): Promise<void> {
  while (!existsSync(join(folder, "mark"))) await new Promise((resolve) => setTimeout(resolve, 5));
}

/** Process id of the starter, written by a script whose parent it is. */
const starterPid = () => Number(readFileSync(join(folder, "mark"), "utf8"));

function lives(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

describe("the starter of git", () => {
  it("answers exit code and output, many at once", async () => {
    const ends = await Promise.all(Array.from({ length: 8 }, () => starter.run(runOf())));
    for (const end of ends) {
      expect(end).toMatchObject({ exit: 0, started: true });
      expect(linesOf(end)[0]).toMatch(/^git version/);
    }
    expect((await starter.run(runOf({ args: ["no-such-command"] }))).exit).toBe(1);
  });

  it("is one process for all runs", async () => {
    const pids = [];
    for (let turn = 0; turn < 3; turn += 1) pids.push(linesOf(await starter.run(runOf({ script: "echo $PPID" })))[0]);
    expect(new Set(pids).size).toBe(1);
    expect(pids[0]).not.toBe(String(process.pid));
  });

  it("hands over input and environment as they are, and nothing of its own", async () => {
    const end = await starter.run(runOf({ script: "cat; env | sort", input: "in\n" }));
    const names = linesOf(end).map((line) => line.split("=")[0]);
    expect(names).toEqual(["in", "HOME", "MARK", "PATH", "PWD"]);
  });

  it("tells a repository that was not reached from one that answered", async () => {
    const gone = await starter.run(runOf({ args: ["ls-remote", join(folder, "none.git")] }));
    expect(gone).toMatchObject({ exit: 128, unreached: true });
    const http = "fatal: unable to access 'http://127.0.0.1:1/x/': Failed to connect";
    expect(await starter.run(runOf({ script: `echo "${http}" >&2; exit 128` }))).toMatchObject({ unreached: true });
    expect(await starter.run(runOf({ script: `echo "remote: ${http}" >&2; exit 128` }))).toMatchObject({
      unreached: false,
    });
    expect(await starter.run(runOf({ script: "exit 128" }))).toMatchObject({ exit: 128, unreached: false });
  });

  it("says that nothing was started when there is no git, or no time", async () => {
    const env = { PATH: folder };
    expect(await starter.run(runOf({ env }))).toMatchObject({ exit: undefined, started: false });
    const aborted = AbortSignal.abort();
    expect(await starter.run(runOf({ signal: aborted }))).toMatchObject({ exit: undefined, started: false });
  });

  it.each([
    ["at its timeout", { timeoutMs: 100 }],
    ["when it says too much", { script: "yes", maxOutputBytes: 100 }],
  ])("kills the whole group %s", async (_when, over) => {
    const end = await starter.run(runOf({ script: "sleep 60 & sleep 60", ...over }));
    expect(end).toMatchObject({ exit: undefined, started: true });
  });

  it("kills on abort", async () => {
    const abort = new AbortController();
    const run = starter.run(runOf({ script: 'touch "$MARK"; sleep 60', signal: abort.signal }));
    await marked();
    abort.abort();
    expect(await run).toMatchObject({ exit: undefined, started: true });
  });

  it("does not know how a run ended whose starter was killed, and starts another for the next", async () => {
    const run = starter.run(runOf({ script: 'echo $PPID > "$MARK.new"; mv "$MARK.new" "$MARK"; exec sleep 5' }));
    await marked();
    process.kill(starterPid(), "SIGKILL");
    expect(await run).toMatchObject({ exit: undefined, started: true });
    expect((await starter.run(runOf({ script: "exit 3" }))).exit).toBe(3);
  });

  it("ends with its owner, and takes along what still runs", async () => {
    const told = join(folder, "told");
    const script = `trap "touch ${told}; exit" TERM; echo $PPID > "$MARK.new"; mv "$MARK.new" "$MARK"; while :; do sleep 0.05; done`;
    const run = starter.run(runOf({ script }));
    await marked();
    starter.close();
    expect(await run).toMatchObject({ exit: undefined, started: true });
    const until = async (holds: () => boolean) => {
      while (!holds()) await new Promise((resolve) => setTimeout(resolve, 5));
    };
    await until(() => existsSync(told));
    await until(() => !lives(starterPid()));
  });
});
