import { spawn } from "node:child_process";
import { constants, setPriority } from "node:os";

/**
 * Runs a command to its end. Never rejects. Answers `{code, output}`: 127 when it cannot be started, null when a signal or the
 * timeout ended it; standard output and error are interleaved.
 * @param {{env: NodeJS.ProcessEnv, cwd?: string, timeoutMs?: number, niced?: boolean, onLine?: (line: string) => void}} options
 *   `niced`: at the lowest priority, with all it starts.
 */
export function run(command, args, { env, cwd, timeoutMs, niced = false, onLine }) {
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      env,
      stdio: ["ignore", "pipe", "pipe"],
      ...(cwd === undefined ? {} : { cwd }),
      ...(timeoutMs === undefined ? {} : { timeout: timeoutMs, killSignal: "SIGKILL" }),
    });
    if (niced && child.pid !== undefined) lowerPriority(child.pid);
    let output = "";
    let rest = "";
    const take = (chunk) => {
      output += chunk;
      const lines = (rest + chunk).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) onLine?.(line);
    };
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", take);
    child.once("error", (error) => resolve({ code: 127, output: error.message }));
    child.once("close", (code) => resolve({ code, output }));
  });
}

function lowerPriority(pid) {
  try {
    setPriority(pid, constants.priority.PRIORITY_LOW);
  } catch {
    // It has ended already.
  }
}
