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

/** Runs a main to its end and answers what it printed. A run over `timeoutMs` is killed and ends with code 3. */
export function runCaptured(
  main: string,
  args: readonly string[],
  timeoutMs: number,
): Promise<{ readonly exit: number; readonly stdout: string; readonly stderr: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [main, ...args], { stdio: ["ignore", "pipe", "pipe"] });
    const timer = setTimeout(() => child.kill("SIGKILL"), timeoutMs);
    let stdout = "";
    let stderr = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      stderr += text;
    });
    child.on("error", reject);
    child.on("close", (code) => {
      clearTimeout(timer);
      resolve({ exit: code ?? 3, stdout, stderr });
    });
  });
}
