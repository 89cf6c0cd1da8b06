import { actions } from "./commands/actions.js";
import { execute } from "./commands/execute.js";
import { inspect } from "./commands/inspect.js";
import { keygen } from "./commands/keygen.js";
import { plan } from "./commands/plan.js";
import { requestCert } from "./commands/request-cert.js";
import { run } from "./commands/run.js";
import type { Io } from "./io.js";
import { CERTIFICATE, COMMON, PARAMETERS, PROPOSAL, TARGET } from "./options.js";
import { type CommandSpec, runProgram } from "./program.js";

const DEPLOY = "--action deploy --service checkout --region us-east-1";

const commands: readonly CommandSpec[] = [
  {
    name: "request-cert",
    usage: "--action <name> --service <name> --region <name> [parameter flags]",
    summary: "Ask the signer for a certificate and print it, and nothing else, on standard output.",
    options: [...TARGET, ...PROPOSAL, ...COMMON],
    examples: [
      `request-cert ${DEPLOY} --image-digest sha256:... --replicas 12`,
      `request-cert ${DEPLOY} --image-digest sha256:... --max-replicas 12`,
    ],
    open: true,
    run: requestCert,
  },
  {
    name: "execute",
    usage: "[--cert <certificate>] [parameter flags]",
    summary: "Present a certificate to the broker, which carries out the certified change.",
    options: [...CERTIFICATE, ...TARGET, ...PARAMETERS, ...COMMON],
    examples: ['execute --cert "$CERT" --image-digest sha256:... --replicas 12', "execute --json"],
    open: true,
    run: execute,
  },
  {
    name: "run",
    usage: "--action <name> --service <name> --region <name> [parameter flags]",
    summary: "Observe, ask for a certificate and execute, in one command.",
    options: [...TARGET, ...PROPOSAL, ...COMMON],
    examples: [`run ${DEPLOY} --image-digest sha256:... --replicas 12`],
    open: true,
    run,
  },
  {
    name: "inspect",
    usage: "[certificate]",
    summary: "Show a certificate in plain names. Nothing is verified.",
    options: [...CERTIFICATE, ...COMMON],
    examples: ['inspect "$CERT"', "inspect - < certificate.txt", "inspect --json"],
    run: inspect,
  },
  {
    name: "actions",
    usage: "[name]",
    summary: "List what may be proposed, or one action with its flags.",
    options: COMMON,
    examples: ["actions", "actions deploy"],
    run: actions,
  },
  {
    name: "plan",
    usage: "--action <name> --service <name> --region <name> [parameter flags]",
    summary: "Show live state, planned values, scope and what would be asked. Asks for no certificate.",
    options: [...TARGET, ...PROPOSAL, ...COMMON],
    examples: [`plan ${DEPLOY} --image-digest sha256:... --replicas 12`],
    open: true,
    run: plan,
  },
  {
    name: "keygen",
    usage: "--out <file> [--name <agent>]",
    summary: "Make an agent's key file and show how to register it.",
    options: [
      ["--out <file>", "where to write the key (mode 0600; never overwrites)"],
      ["--name <agent>", "the agent's name, default: agent"],
      ["--owner <team>", "the owner in the registration, default: platform"],
      ["--json", "print the result as JSON"],
    ],
    examples: ["keygen --out .seb/keys/agent.json --name oncall-v3"],
    run: keygen,
  },
];

/** The program `agent-cli`. @returns its exit code. */
export function runAgentCli(io: Io): Promise<number> {
  return runProgram(io, {
    name: "agent-cli",
    description: "Propose and carry out certified changes.",
    examples: ["actions", `plan ${DEPLOY} --image-digest sha256:... --replicas 12`, "execute --json"],
    commands,
  });
}
