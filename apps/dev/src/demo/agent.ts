import { readJson } from "@seb/canonical";
import type { Ran } from "./run-command.js";
import type { Stage, Wanted } from "./stage.js";

/** The change that the agent of the story proposes. */
export const CHANGE = ["--action", "deploy", "--service", "checkout", "--region", "us-east-1"] as const;
export const RESOURCE = "service:checkout/region:us-east-1";

/** Asks for a certificate and answers it. */
export async function requestCertificate(
  stage: Stage,
  more: readonly string[] = [],
  wanted: Wanted = {},
): Promise<string> {
  const { stdout } = await stage.run("agent-cli", ["request-cert", ...CHANGE, ...more], { lines: 3, ...wanted });
  const certificate = stdout.trim();
  stage.expect(
    /^eyJ[\w-]+\.[\w-]+\.[\w-]+$/.test(certificate),
    "standard output holds the certificate and nothing else",
  );
  return certificate;
}

/** Presents a certificate with a number of replicas. */
export function execute(
  stage: Stage,
  certificate: string,
  replicas: number,
  wanted: Wanted = {},
  more: readonly string[] = [],
): Promise<Ran> {
  return stage.run("agent-cli", ["execute", "--cert", certificate, "--replicas", String(replicas), ...more], wanted);
}

/** Member of a certificate as `inspect --json` shows it. */
export async function inspected(stage: Stage, certificate: string, member: string): Promise<string> {
  const { stdout } = await stage.run("agent-cli", ["inspect", "--cert", certificate, "--json"], { quiet: true });
  const read = readJson(stdout.trim(), { maxBytes: 65_536, maxDepth: 16 });
  const value = read.ok ? new Map<string, unknown>(Object.entries(read.value ?? {})).get(member) : undefined;
  stage.expect(typeof value === "string", `inspect shows ${member}`);
  return String(value);
}

/** Number of commits on the branch that runs in production. */
export async function commits(stage: Stage): Promise<number> {
  const { stdout } = await stage.run("git", ["--git-dir", stage.path("gitops.git"), "rev-list", "--count", "main"], {
    quiet: true,
  });
  return Number(stdout);
}

/** Refused, and nothing was written: the number of commits is what it was. */
export async function refusedWithoutCommit(stage: Stage, attempt: () => Promise<unknown>): Promise<void> {
  const before = await commits(stage);
  await attempt();
  stage.expect((await commits(stage)) === before, "no commit was made");
}
