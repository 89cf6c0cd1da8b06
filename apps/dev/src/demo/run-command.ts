import { type ChildProcess, type SpawnOptions, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

/** The command lines of the build, as `bin` in their package.json names them. */
const BINS = {
  "agent-cli": "../../../../packages/agent-cli/bin/agent-cli.js",
  "broker-cli": "../../../../packages/agent-cli/bin/broker-cli.js",
  seb: "../../../seb/bin/seb.js",
} as const;
export type Program = keyof typeof BINS | "git";

/** What a finished command left. */
export interface Ran {
  readonly exit: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Nothing of the caller's settings: what the demo shows must not depend on them. */
function environment(cwd: string): Record<string, string> {
  const who = { NAME: "Somebody else", EMAIL: "somebody@example.invalid" };
  return {
    PATH: process.env.PATH ?? "",
    HOME: cwd,
    GIT_CONFIG_NOSYSTEM: "1",
    GIT_CONFIG_GLOBAL: "/dev/null",
    GIT_AUTHOR_NAME: who.NAME,
    GIT_AUTHOR_EMAIL: who.EMAIL,
    GIT_COMMITTER_NAME: who.NAME,
    GIT_COMMITTER_EMAIL: who.EMAIL,
  };
}

/** Starts a command as a process of its own. */
export function start(program: Program, args: readonly string[], cwd: string): ChildProcess {
  const options: SpawnOptions = { cwd, env: environment(cwd), stdio: ["ignore", "pipe", "pipe"] };
  if (program === "git") return spawn("git", args, options);
  return spawn(process.execPath, [fileURLToPath(new URL(BINS[program], import.meta.url)), ...args], options);
}

/** Runs a command to its end. One that takes longer than `timeoutMs` is killed and has the exit code -1. */
export function run(program: Program, args: readonly string[], cwd: string, timeoutMs: number): Promise<Ran> {
  return new Promise((resolve, reject) => {
    const child = start(program, args, cwd);
    const timer = setTimeout(() => child.kill("SIGKILL"), timeoutMs);
    let stdout = "";
    let stderr = "";
    child.stdout?.setEncoding("utf8").on("data", (text: string) => {
      stdout += text;
    });
    child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      stderr += text;
    });
    child.on("error", reject);
    child.on("close", (code) => {
      clearTimeout(timer);
      resolve({ exit: code ?? -1, stdout, stderr });
    });
  });
}
