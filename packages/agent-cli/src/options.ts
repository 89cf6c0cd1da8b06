type OptionRow = readonly [flags: string, description: string];

/** Flags of every command that asks a service. */
export const COMMON: readonly OptionRow[] = [
  ["--json", "print the result, or the refusal, as JSON"],
  ["--config <file>", "settings file (SEB_CONFIG; default: the nearest .seb/agent.yaml)"],
  ["--signer-url <url>", "address of the signer (SEB_SIGNER_URL)"],
  ["--broker-url <url>", "address of the broker (SEB_BROKER_URL)"],
  ["--key <file>", "the agent's key file (SEB_KEY)"],
  ["--timeout-ms <ms>", "time for the whole command, 100 to 8000 (SEB_TIMEOUT_MS; default 8000)"],
];

export const TARGET: readonly OptionRow[] = [
  ["--action <name>", "what to do (SEB_ACTION)"],
  ["--service <name>", "to which service (SEB_SERVICE)"],
  ["--region <name>", "in which region (SEB_REGION)"],
];

export const PARAMETERS: readonly OptionRow[] = [
  ["--param <name=value>...", "a parameter, also as a flag of its own: agent-cli actions <name> lists them"],
];

export const PROPOSAL: readonly OptionRow[] = [
  ...PARAMETERS,
  ["--bound <name=value>...", "a bound, also as a flag of its own"],
  ["--attestation <file>...", "DSSE envelope that attests the image (SEB_ATTESTATION)"],
  ["--reference <name=value>...", "a reference for people and records"],
  ["--shadow", "ask for a shadow certificate, which can never execute"],
];

export const CERTIFICATE: readonly OptionRow[] = [
  ["--cert <certificate>", "the certificate (SEB_CERT; when empty: what this job kept in the last 10 minutes)"],
];
