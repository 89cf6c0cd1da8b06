import { spawn } from "node:child_process";
import { constants } from "node:os";
import { fileURLToPath } from "node:url";

/** Absolute path of the repository, without a trailing slash. */
export const root = fileURLToPath(new URL("..", import.meta.url)).replace(/[\\/]$/, "");

/** Progress goes to standard error: the standard output of a task may be data. */
export function say(line) {
  process.stderr.write(`seb: ${line}\n`);
}

/** `1234` ms to `1.2 s`. */
export function seconds(ms) {
  return `${(ms / 1000).toFixed(1)} s`;
}

/**
 * Runs a child on this terminal and answers its exit code (128 + n when a signal ended it).
 * Signals sent to this process reach the child; an interrupt typed at a terminal already does, since the whole group gets it.
 */
export function runChild(command, args, { env = process.env, cwd = root } = {}) {
  return follow(spawn(command, args, { cwd, env, stdio: "inherit" }));
}

/** As `runChild`, but keeps the output. Answers `{code, output, ms}`; standard output and error are interleaved. */
export async function captureChild(command, args, { env = process.env, cwd = root } = {}) {
  const started = performance.now();
  const child = spawn(command, args, { cwd, env, stdio: ["ignore", "pipe", "pipe"] });
  const chunks = [];
  child.stdout.on("data", (chunk) => chunks.push(chunk));
  child.stderr.on("data", (chunk) => chunks.push(chunk));
  const code = await follow(child);
  return { code, output: Buffer.concat(chunks).toString("utf8"), ms: Math.round(performance.now() - started) };
}

function follow(child) {
  const forward = (signal) => {
    if (signal === "SIGINT" && process.stdin.isTTY) return;
    child.kill(signal);
  };
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"];
  for (const signal of signals) process.on(signal, forward);
  return new Promise((resolve) => {
    const done = (code) => {
      for (const signal of signals) process.off(signal, forward);
      resolve(code);
    };
    child.once("error", (error) => {
      say(`cannot start ${child.spawnfile}: ${error.message}`);
      done(127);
    });
    child.once("close", (code, signal) => done(signal === null ? code : 128 + constants.signals[signal]));
  });
}
