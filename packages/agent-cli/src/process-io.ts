import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { CODES, fail } from "@seb/schema";
import type { Io } from "./io.js";
import { reportFailure } from "./report.js";

/** Exit code of a command that did its work and could not say so. */
const NOT_TOLD = CODES.no_answer.exit;

/** The current folder; undefined when it was deleted. */
function currentFolder(): string | undefined {
  try {
    return process.cwd();
  } catch {
    return undefined;
  }
}

/** The real process. `onLost` is called with the code of each error that standard output had. */
function processIo(cwd: string, onLost: (code: string) => void): Io {
  return {
    argv: process.argv.slice(2),
    env: process.env,
    cwd,
    home: process.env.HOME ?? homedir(),
    stdout: (text) =>
      void process.stdout.write(text, (error: NodeJS.ErrnoException | null | undefined) => {
        if (error) onLost(error.code ?? "error");
      }),
    stderr: (text) => void process.stderr.write(text),
    stdoutIsTty: process.stdout.isTTY === true,
    stderrIsTty: process.stderr.isTTY === true,
    nowMs: () => Date.now(),
    elapsedMs: () => performance.now(),
    stdin: () => readFileSync(0, "utf8").slice(0, 65_536),
  };
}

function flushed(stream: NodeJS.WriteStream): Promise<unknown> {
  return new Promise((done) => stream.write("", done));
}

/**
 * Runs a command line to its exit code and ends the process: a connection or a name that is still being looked up must not
 * hold it. Standard output and error are flushed first. A result that could not be written is a failure of its own.
 */
export async function runProcess(run: (io: Io) => Promise<number>): Promise<never> {
  for (const stream of [process.stdout, process.stderr]) stream.on("error", () => undefined);
  let lost: string | undefined;
  const cwd = currentFolder();
  const io = processIo(cwd ?? "/", (code) => {
    lost ??= code;
  });
  let code = cwd === undefined ? withoutFolder(io) : await run(io);
  await flushed(process.stdout);
  // A reader that has gone away, as in `... | head -1`, has had what it wanted.
  if (lost !== undefined && lost !== "EPIPE") {
    io.stderr(`could not tell: standard output took no result (${lost}); the command itself ended with ${code}\n`);
    code = code === 0 ? NOT_TOLD : code;
  }
  await flushed(process.stderr);
  process.exit(code);
}

function withoutFolder(io: Io): number {
  const { error } = fail("usage", "the current folder does not exist any more");
  const failure = { ...error, remedy: "Change into a folder that exists." };
  return reportFailure(io, failure, io.argv.includes("--json"));
}
