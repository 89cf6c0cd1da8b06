import { resolve } from "node:path";
import type { Finding } from "@seb/connector-kubernetes/render";
import type { Command } from "commander";
import { collect, finish, type Host, type Invocation } from "../command.js";
import { manifestsOf } from "../infra/manifests.js";
import { sweep } from "../infra/sweep.js";
import { done, type Outcome, refused } from "../outcome.js";
import { table } from "../tables.js";
import { writeWhole } from "../write-file.js";

async function render(invocation: Invocation): Promise<Outcome> {
  const { io, flags } = invocation;
  const rendered = await manifestsOf(invocation);
  if (!rendered.ok) return refused(rendered.error);
  const { client, manifests, notApplicable } = rendered.value;
  client.close();
  for (const what of notApplicable) io.err(`not applicable, the service lacks a value: ${what}\n`);
  const { toYaml } = await import("@seb/connector-kubernetes/render");
  const yaml = toYaml(manifests);
  const json = { ok: true, manifests, not_applicable: notApplicable };
  if (typeof flags.out !== "string") return done(json, yaml);
  writeWhole(resolve(io.cwd, flags.out), yaml);
  return done(json, `${manifests.length} objects in ${flags.out}\n`);
}

async function check(invocation: Invocation): Promise<Outcome> {
  const rendered = await manifestsOf(invocation);
  if (!rendered.ok) return refused(rendered.error);
  const { client, manifests } = rendered.value;
  try {
    const library = await import("@seb/connector-kubernetes/render");
    const signal = invocation.deadline.signal;
    const findings = await library.check({ client, manifests, signal });
    return findings.ok ? report(findings.value) : refused(findings.error);
  } finally {
    client.close();
  }
}

/** Exit code 0 only when the cluster has everything as it is rendered. */
function report(findings: readonly Finding[]): Outcome {
  const wrong = findings.filter(({ state }) => state !== "same");
  const json = { ok: wrong.length === 0, objects: findings.length, findings: wrong };
  if (wrong.length === 0) return done(json, `the cluster has all ${findings.length} objects as they are rendered\n`);
  const rows = wrong.map(({ state, kind, name, namespace, at }) => [state, kind, namespace ?? "", name, at ?? ""]);
  return { exit: 1, json, text: table(["state", "kind", "namespace", "name", "at"], rows) };
}

/** A round may have many orphans to go through, in milliseconds. */
const SWEEP_MS = 60_000;

/** `seb infra render|check|sweep`. */
export function addInfra(program: Command, host: Host): void {
  const infra = program.command("infra").description("What a cluster needs before certificates can change it");
  const onCluster = (name: string, summary: string, who: string) =>
    infra
      .command(name)
      .description(summary)
      .option("--target <name>", "a cluster of targets.yaml; the only one when there is one")
      .option("--targets <file>", "the broker's targets (SEB_TARGETS)")
      .option("--control <dir>", "control folder (SEB_CONTROL)")
      .option("--token-file <file>", `${who} bearer token, instead of the broker's credential`)
      .option("--client-cert-file <file>", `${who} client certificate, instead of the broker's credential`)
      .option("--client-key-file <file>", "its key");
  const onProtected = (name: string, summary: string) =>
    onCluster(name, summary, "an installer's").option("--protect <file>", "what nobody else may write: protect.yaml");
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
    onProtected("check", "Compare the cluster with what is rendered; exit 1 when it differs"),
    host,
    ["seb infra check --target cluster-us --token-file installer.token"],
    check,
  );
  finish(
    onCluster(
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
