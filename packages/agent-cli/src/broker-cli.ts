import { executions } from "./commands/executions.js";
import { verify } from "./commands/verify.js";
import type { Io } from "./io.js";
import { CERTIFICATE, COMMON, PARAMETERS, TARGET } from "./options.js";
import { type CommandSpec, runProgram } from "./program.js";

const commands: readonly CommandSpec[] = [
  {
    name: "verify",
    usage: "[--cert <certificate>] [--shadow] [parameter flags]",
    summary: "Ask the broker whether a certificate would be executed, or report that there is none. Changes nothing.",
    options: [
      ...CERTIFICATE,
      ["--shadow", "say in a pipeline that nothing is executed; verifying never executes"],
      ...TARGET,
      ...PARAMETERS,
      ...COMMON,
    ],
    examples: ['verify --cert "$CERT" --shadow', "verify --shadow --json"],
    open: true,
    run: verify,
  },
  {
    name: "executions",
    usage: "[cert_id]",
    summary: "Show the state of one execution, or list executions.",
    options: [
      ["--state <state>", "open, unknown or recent (default)"],
      ["--limit <count>", "at most so many, 1 to 200, default 50"],
      ...COMMON,
    ],
    examples: ["executions", "executions --state unknown", "executions c_... --json"],
    run: executions,
  },
];

/** The program `broker-cli`. @returns its exit code. */
export function runBrokerCli(io: Io): Promise<number> {
  return runProgram(io, {
    name: "broker-cli",
    description: "Ask the broker what it would do, and what it did.",
    examples: ['verify --cert "$CERT" --shadow', "executions --state unknown"],
    commands,
  });
}
