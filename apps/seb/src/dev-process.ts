import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** A main of the composition root's build, beside this app in the checkout. */
export function devMain(name: "main" | "attest-main" | "policy-test-main"): string | undefined {
  const path = fileURLToPath(new URL(`../../dev/dist/${name}.js`, import.meta.url));
  return existsSync(path) ? path : undefined;
}

/** Runs a main in the foreground with this process' own input and outputs; signals go on to it. Answers its exit code. */
export function runForeground(main: string, args: readonly string[]): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [main, ...args], { stdio: "inherit" });
    const forward = (signal: NodeJS.Signals) => void child.kill(signal);
    process.on("SIGINT", forward);
    process.on("SIGTERM", forward);
    child.on("error", reject);
    child.on("close", (code) => {
      process.off("SIGINT", forward);
      process.off("SIGTERM", forward);
      resolve(code ?? 1);
    });
  });
}

/** How a captured run ended. */
export interface Captured {
  /** 3 when a signal ended it. */
  readonly exit: number;
  /** It was killed because its time was over. */
  readonly late: boolean;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a main to its end and answers what it printed. A run over `timeoutMs` is killed. */
export function runCaptured(main: string, args: readonly string[], timeoutMs: number): Promise<Captured> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [main, ...args], { stdio: ["ignore", "pipe", "pipe"] });
    let late = false;
    let stdout = "";
    let stderr = "";
    const timer = setTimeout(() => {
      late = true;
      child.kill("SIGKILL");
    }, timeoutMs);
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      stderr += text;
    });
    child.on("error", reject);
    child.on("close", (code) => {
      clearTimeout(timer);
      resolve({ exit: code ?? 3, late, stdout, stderr });
    });
  });
}
