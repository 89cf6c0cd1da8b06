import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readJson } from "@seb/canonical";
import { start } from "./run-command.js";

/** The three services in a process of their own: `seb dev`. */
export interface Services {
  readonly brokerUrl: string;
  /** Asks the process to drain and end; answers its exit code. */
  stop(): Promise<number>;
}

const READY_TIMEOUT_MS = 30_000;
const STOP_TIMEOUT_MS = 12_000;

function brokerUrlIn(line: string): string | undefined {
  const read = readJson(line, { maxBytes: 65_536, maxDepth: 4 });
  if (!read.ok || typeof read.value !== "object" || read.value === null || !("urls" in read.value)) return undefined;
  const { urls } = read.value;
  if (typeof urls !== "object" || urls === null || !("broker" in urls)) return undefined;
  return typeof urls.broker === "string" ? urls.broker : undefined;
}

/** Resolves with the broker's address when the process says that it is ready. */
function whenReady(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let stdout = "";
    let stderr = "";
    const failed = (why: string) => reject(new Error(`seb dev ${why}: ${stderr.trim()}`));
    const timer = setTimeout(() => failed("was not ready in time"), READY_TIMEOUT_MS);
    child.stdout?.setEncoding("utf8").on("data", (text: string) => {
      stdout += text;
      const url = stdout.includes("\n") ? brokerUrlIn(stdout.trim()) : undefined;
      if (url === undefined) return;
      clearTimeout(timer);
      resolve(url);
    });
    child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      stderr += text;
    });
    child.once("close", () => {
      clearTimeout(timer);
      failed("ended");
    });
  });
}

/** Starts `seb dev` below `cwd` and waits until every service is ready. */
export async function startServices(cwd: string): Promise<Services> {
  const child = start("seb", ["dev", "--json"], cwd);
  const closed = once(child, "close");
  closed.catch(() => undefined);
  try {
    const brokerUrl = await whenReady(child);
    return {
      brokerUrl,
      async stop() {
        const timer = setTimeout(() => child.kill("SIGKILL"), STOP_TIMEOUT_MS);
        child.kill("SIGTERM");
        await closed;
        clearTimeout(timer);
        return child.exitCode ?? -1;
      },
    };
  } catch (error) {
    child.kill("SIGKILL");
    throw error;
  }
}
