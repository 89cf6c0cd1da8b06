import { CODES, fail } from "@seb/schema";
import { Command, CommanderError, Option } from "commander";
import type { Given } from "./commands/flags.js";
import { type Io, wantsColour } from "./io.js";
import { reportFailure } from "./report.js";
import type { Outcome } from "./session.js";

/** One command of a program, as data. */
export interface CommandSpec {
  readonly name: string;
  readonly usage: string;
  readonly summary: string;
  readonly options: readonly (readonly [flags: string, description: string])[];
  readonly examples: readonly string[];
  /** Flags follow from an action's definition: the command itself judges those that it does not list. */
  readonly open?: boolean;
  run(io: Io, given: Given<object>): Promise<Outcome>;
}

/** A program as data. */
export interface ProgramSpec {
  readonly name: string;
  readonly description: string;
  readonly examples: readonly string[];
  readonly commands: readonly CommandSpec[];
}

const EXIT_CODES = `
Exit codes:
  0 ok   1 refused   2 wrong use   3 could not ask   4 pending   5 unknown
`;

function collect(value: string, earlier: readonly string[] | undefined): readonly string[] {
  return [...(earlier ?? []), value];
}

function flagOf(flags: string): string {
  return flags.split(" ")[0] ?? flags;
}

/**
 * Runs a program: finds the command, prints its result on standard output and everything else on standard error.
 * @returns the exit code; never throws for what the user, a file or a service does.
 */
export async function runProgram(io: Io, program: ProgramSpec): Promise<number> {
  let exit = 0;
  const root = prepared(new Command(program.name), io).description(program.description);
  root.addHelpText("after", helpEnd(program.name, program.examples));
  for (const spec of program.commands) {
    root.addCommand(
      commandOf(io, program.name, spec, (code) => {
        exit = code;
      }),
    );
  }
  try {
    await root.parseAsync([...io.argv], { from: "user" });
    return exit;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : CODES.usage.exit;
    return reportFailure(io, fail("internal", "this command line met a bug").error, io.argv.includes("--json"));
  }
}

function helpEnd(program: string, examples: readonly string[]): string {
  return `\nExamples:\n${examples.map((line) => `  $ ${program} ${line}\n`).join("")}${EXIT_CODES}`;
}

function prepared(command: Command, io: Io): Command {
  return command
    .exitOverride()
    .configureOutput({
      writeOut: (text) => io.stdout(text),
      writeErr: (text) => io.stderr(text),
      getOutHasColors: () => wantsColour(io, "stdout"),
      getErrHasColors: () => wantsColour(io, "stderr"),
    })
    .showHelpAfterError("(--help shows the flags, examples and exit codes)");
}

function commandOf(io: Io, program: string, spec: CommandSpec, done: (exit: number) => void): Command {
  const command = prepared(new Command(spec.name), io).description(spec.summary).usage(spec.usage);
  for (const [flags, description] of spec.options) {
    const option = new Option(flags.replace("...", ""), description);
    command.addOption(flags.endsWith("...") ? option.argParser(collect) : option);
  }
  // What a definition makes of the remaining arguments is known only after the signer was asked.
  command.allowUnknownOption().allowExcessArguments();
  command.addHelpText("after", helpEnd(program, spec.examples));
  command.action(async () => {
    const flags: { readonly json?: boolean } = command.opts();
    const known = spec.options.map(([text]) => flagOf(text));
    const unknown = spec.open === true ? undefined : command.args.find((word) => /^-./.test(word));
    const outcome =
      unknown === undefined
        ? await spec.run(io, { flags, rest: command.args, known })
        : fail("usage", `${spec.name} has no flag like that; it has ${known.join(", ")}`, { facts: { known } });
    done(print(io, outcome, flags.json === true));
  });
  return command;
}

function print(io: Io, outcome: Outcome, json: boolean): number {
  if (!outcome.ok) return reportFailure(io, outcome.error, json);
  const { value } = outcome;
  io.stdout(json ? `${JSON.stringify(value.json)}\n` : value.text);
  for (const note of value.notes ?? []) io.stderr(`${note}\n`);
  return value.exit ?? 0;
}
