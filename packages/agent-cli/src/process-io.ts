import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import type { Io } from "./io.js";

/** The real process. */
export function processIo(): Io {
  return {
    argv: process.argv.slice(2),
    env: process.env,
    cwd: process.cwd(),
    home: process.env.HOME ?? homedir(),
    stdout: (text) => void process.stdout.write(text),
    stderr: (text) => void process.stderr.write(text),
    stdoutIsTty: process.stdout.isTTY === true,
    stderrIsTty: process.stderr.isTTY === true,
    nowMs: () => Date.now(),
    elapsedMs: () => performance.now(),
    stdin: () => readFileSync(0, "utf8").slice(0, 65_536),
  };
}

/**
 * Runs a command line to its exit code and ends the process: a connection or a name that is still being looked up must not
 * hold it. Standard output and error are flushed first.
 */
export async function runProcess(run: (io: Io) => Promise<number>): Promise<never> {
  // A reader that has gone away, as in `... | head -1`, is no reason to crash.
  for (const stream of [process.stdout, process.stderr]) stream.on("error", () => undefined);
  const code = await run(processIo());
  await Promise.all([process.stdout, process.stderr].map((stream) => new Promise((done) => stream.write("", done))));
  process.exit(code);
}
