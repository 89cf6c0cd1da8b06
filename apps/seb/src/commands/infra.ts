import { resolve } from "node:path";
import type { Finding } from "@seb/connector";
import type { Command } from "commander";
import { collect, finish, type Host, type Invocation } from "../command.js";
import { guarding } from "../infra/guard.js";
import { sweep } from "../infra/sweep.js";
import { done, type Outcome, refused } from "../outcome.js";
import { table } from "../tables.js";
import { writeWhole } from "../write-file.js";

async function render(invocation: Invocation): Promise<Outcome> {
  const { io, flags } = invocation;
  const guard = await guarding(invocation, "render");
  if (!guard.ok) return refused(guard.error);
  const { protection, request, notApplicable } = guard.value;
  const rendered = await protection.render(request).finally(() => protection.close());
  if (!rendered.ok) return refused(rendered.error);
  for (const what of notApplicable) io.err(`not applicable, the service lacks a value: ${what}\n`);
  const { objects, text } = rendered.value;
  const json = { ok: true, manifests: objects, not_applicable: notApplicable };
  if (typeof flags.out !== "string") return done(json, text);
  writeWhole(resolve(io.cwd, flags.out), text);
  return done(json, `${objects.length} objects in ${flags.out}\n`);
}

async function check(invocation: Invocation): Promise<Outcome> {
  const guard = await guarding(invocation, "check");
  if (!guard.ok) return refused(guard.error);
  const { protection, request } = guard.value;
  const findings = await protection.check(request).finally(() => protection.close());
  return findings.ok ? report(findings.value) : refused(findings.error);
}

/** Exit code 0 only when the target has everything as it is rendered. */
function report(findings: readonly Finding[]): Outcome {
  const wrong = findings.filter(({ state }) => state !== "same");
  const json = { ok: wrong.length === 0, objects: findings.length, findings: wrong };
  if (wrong.length === 0) return done(json, `the target has all ${findings.length} objects as they are rendered\n`);
  const rows = wrong.map(({ state, kind, name, namespace, at }) => [state, kind, namespace ?? "", name, at ?? ""]);
  return { exit: 1, json, text: table(["state", "kind", "namespace", "name", "at"], rows) };
}

/** A round may have many orphans to go through, in milliseconds. */
const SWEEP_MS = 60_000;

/** `seb infra render|check|sweep`. */
export function addInfra(program: Command, host: Host): void {
  const infra = program
    .command("infra")
    .description("What guards a target, such as a cluster, before certificates can change it");
  const onTarget = (name: string, summary: string, who: string) =>
    infra
      .command(name)
      .description(summary)
      .option("--target <name>", "a target of targets.yaml; the only one that can be guarded when there is one")
      .option("--targets <file>", "the broker's targets (SEB_TARGETS)")
      .option("--control <dir>", "control folder (SEB_CONTROL)")
      .option("--token-file <file>", `${who} bearer token, instead of the broker's credential`)
      .option("--client-cert-file <file>", `${who} client certificate, instead of the broker's credential`)
      .option("--client-key-file <file>", "its key");
  const onProtected = (name: string, summary: string) =>
    onTarget(name, summary, "an installer's").option("--protect <file>", "what nobody else may write: protect.yaml");
  finish(
    onProtected("render", "Print accounts, rights, policies and guards for the catalogue's actions").option(
      "--out <file>",
      "write the YAML here",
    ),
    host,
    [
      "seb infra render --target cluster-us | kubectl apply -f -",
      "seb infra render --target cluster-us --protect protect.yaml --token-file installer.token --out cluster.yaml",
    ],
    render,
  );
  finish(
    onProtected("check", "Compare the target with what is rendered; exit 1 when it differs"),
    host,
    ["seb infra check --target cluster-us --token-file installer.token"],
    check,
  );
  finish(
    onTarget(
      "sweep",
      "Remove what dead executions left, and exceptions whose day has come, as the janitor",
      "the janitor's",
    )
      .option("--namespace <name>", "where to look; may be repeated (default: as the control folder says)", collect)
      .option("--older-than-minutes <n>", "leave alone what is younger, 10 to 1440 (default 15)"),
    host,
    [
      "seb infra sweep --target cluster-us --token-file janitor.token",
      "seb infra sweep --target cluster-us --token-file janitor.token --namespace checkout --json   # no control folder needed",
    ],
    sweep,
    SWEEP_MS,
  );
}
