import { createDeadline, type Deadline } from "@seb/concurrency";
import type { Command } from "commander";
import type { Io } from "./io.js";
import { type Outcome, print, refused } from "./outcome.js";
import { type Flags, type Settings, settingsOf } from "./settings.js";
import { unusablePath } from "./unusable-path.js";

/** The exit codes that every command line of SEB shares. */
export const EXIT_CODES = `
Exit codes:
  0 done   1 refused   2 wrong use   3 could not ask   4 pending   5 unknown`;

/** What a handler is given: positional arguments as text, flags, settings. */
export interface Invocation {
  readonly args: readonly string[];
  readonly flags: Flags;
  readonly settings: Settings;
  readonly io: Io;
  /** For everything that the command asks of services, together. */
  readonly deadline: Deadline;
}

/** A command that asks services ends within this time, the start of its process included: below the promised 9 s. */
export const TIMEOUT_MS = 8000;
/** What a command may ask for even when its process took long to start. */
const LEAST_MS = 250;

/** What a command has left of `timeoutMs`, in milliseconds, reckoned from the beginning of its process. */
function leftOf(timeoutMs: number, io: Io): number {
  return Math.max(LEAST_MS, timeoutMs - io.elapsedMs());
}

/** The end of every help text: examples, then exit codes. */
export function helpEnd(examples: readonly string[]): string {
  return `\nExamples:\n${examples.map((line) => `  ${line}`).join("\n")}\n${EXIT_CODES}`;
}

/** A command that only holds others, with a help of its own. */
export function group(parent: Command, name: string, summary: string, examples: readonly string[]): Command {
  return parent.command(name).description(summary).addHelpText("after", helpEnd(examples));
}

/** Where commands are hung in, and where their exit code goes. */
export interface Host {
  readonly io: Io;
  exit(code: number): void;
}

/** Finishes a command: common flags, help with examples and exit codes, what it does, and within which time (milliseconds). */
export function finish(
  command: Command,
  host: Host,
  examples: readonly string[],
  handle: (invocation: Invocation) => Promise<Outcome>,
  timeoutMs = TIMEOUT_MS,
): Command {
  const { io } = host;
  return command
    .option("--folder <dir>", "dev folder for defaults (SEB_FOLDER; the nearest .seb above this directory)")
    .option("--json", "print one JSON object on standard output")
    .addHelpText("after", helpEnd(examples))
    .action(async () => {
      const flags = readFlags(command.opts());
      const args = command.processedArgs
        .flat()
        .flatMap((argument: unknown) => (typeof argument === "string" ? [argument] : []));
      const deadline = createDeadline(leftOf(timeoutMs, io));
      try {
        const outcome = await refusingPaths(() =>
          handle({ args, flags, settings: settingsOf(io, flags), io, deadline }),
        );
        print(io, outcome, flags.json === true);
        host.exit(outcome.exit);
      } finally {
        deadline.clear();
      }
    });
}

/** A path that cannot be read or written as it was given is a mistake of the caller's, wherever the command meets it. */
async function refusingPaths(handle: () => Promise<Outcome>): Promise<Outcome> {
  try {
    return await handle();
  } catch (error) {
    const unusable = unusablePath(error);
    if (unusable === undefined || unusable.ok) throw error;
    return refused(unusable.error);
  }
}

function readFlags(options: Readonly<Record<string, unknown>>): Flags {
  const flags: Record<string, string | boolean | readonly string[]> = {};
  for (const [name, value] of Object.entries(options)) {
    if (typeof value === "string" || typeof value === "boolean") flags[name] = value;
    else if (Array.isArray(value)) flags[name] = value.map(String);
  }
  return flags;
}

/** For options that may be given more than once. */
export function collect(value: string, earlier: readonly string[] | undefined): readonly string[] {
  return [...(earlier ?? []), value];
}
