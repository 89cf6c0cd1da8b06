import { Command, CommanderError } from "commander";
import { type Host, helpEnd } from "./command.js";
import { addAgent } from "./commands/agent.js";
import { addApprove } from "./commands/approve.js";
import { addAudit } from "./commands/audit.js";
import { addConfig } from "./commands/config.js";
import { addDev } from "./commands/dev.js";
import { addInfra } from "./commands/infra.js";
import { addPolicy } from "./commands/policy.js";
import { addRevocation } from "./commands/revocation.js";
import { addTrust } from "./commands/trust.js";
import { addInit } from "./init/init.js";
import type { Io } from "./io.js";

const WRONG_USE = 2;
const EXAMPLES = [
  "seb dev",
  'seb revoke subject agent:oncall-v3 --reason "key seen in a log"',
  "seb audit verify --running",
];

/** The whole command line `seb`. */
export function createProgram(host: Host): Command {
  const program = new Command("seb")
    .description("Operate a Sovereign Execution Broker")
    .enablePositionalOptions()
    .exitOverride()
    .configureOutput({ writeOut: host.io.out, writeErr: host.io.err })
    .showHelpAfterError("See --help.")
    .addHelpText("after", helpEnd(EXAMPLES));
  addDev(program, host);
  addInit(program, host);
  addTrust(program, host);
  addAgent(program, host);
  addPolicy(program, host);
  addApprove(program, host);
  addRevocation(program, host);
  addAudit(program, host);
  addInfra(program, host);
  addConfig(program, host);
  return program;
}

/** Runs one command line (without node and script). Answers the exit code; an exception is a bug. */
export async function run(argv: readonly string[], io: Io): Promise<number> {
  let exit = 0;
  const program = createProgram({
    io,
    exit: (code) => {
      exit = code;
    },
  });
  try {
    await program.parseAsync([...argv], { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return error.exitCode === 0 ? 0 : WRONG_USE;
  }
  return exit;
}
