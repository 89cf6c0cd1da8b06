import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { readYaml } from "@seb/catalogue";
import { fail, ok, type Result, Targets, validate } from "@seb/schema";
import type { Invocation } from "../command.js";

/** One cluster of targets.yaml. */
export interface ClusterEntry {
  readonly name: string;
  readonly entry: Targets["targets"][string];
}

/** Flags that replace how the entry comes in: rendering and checking is an installer's work, with an installer's rights. */
const ACCESS = {
  tokenFile: "token_file",
  clientCertFile: "client_cert_file",
  clientKeyFile: "client_key_file",
} as const;

/** The cluster that `--target` names, or the only one of the file; entered with the credentials that the flags name, if any. */
export function clusterOf(invocation: Invocation): Result<ClusterEntry> {
  const path = invocation.settings.get("targets");
  if (!path.ok) return path;
  const targets = readTargets(path.value);
  if (!targets.ok) return targets;
  const clusters = Object.entries(targets.value.targets).filter(([, { connector }]) => connector === "kubernetes");
  const wanted = invocation.flags.target;
  const found = typeof wanted === "string" ? clusters.filter(([name]) => name === wanted) : clusters;
  const [only] = found;
  if (only === undefined || found.length > 1)
    return fail("usage", `name one of the clusters with --target: ${clusters.map(([name]) => name).join(", ")}`);
  const [name, entry] = only;
  return ok({ name, entry: withAccess(entry, invocation) });
}

function withAccess(entry: ClusterEntry["entry"], { flags, io }: Invocation): ClusterEntry["entry"] {
  const given = Object.entries(ACCESS).flatMap(([flag, key]) => {
    const value = flags[flag];
    return typeof value === "string" ? [[key, resolve(io.cwd, value)] as const] : [];
  });
  if (given.length === 0) return entry;
  const others = Object.entries(entry).filter(([key]) => !Object.values(ACCESS).some((access) => access === key));
  return { connector: entry.connector, ...Object.fromEntries(others), ...Object.fromEntries(given) };
}

function readTargets(path: string): Result<Targets> {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch {
    return fail("setting_missing", `cannot open ${path}`);
  }
  const yaml = readYaml(text);
  return yaml.ok ? validate(Targets, yaml.value, "setting_invalid") : fail("setting_invalid", `${path} is not YAML`);
}
