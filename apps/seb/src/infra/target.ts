import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { readYaml } from "@seb/catalogue";
import type { Protection, ProtectionPart } from "@seb/connector";
import { fail, ok, type Result, Targets, validate } from "@seb/schema";
import type { Invocation } from "../command.js";
import { openProtection, type TargetEntry } from "./protections.js";

/** Flags that replace how the entry comes in: rendering and checking is an installer's work, with an installer's rights. */
const ACCESS = {
  tokenFile: "token_file",
  clientCertFile: "client_cert_file",
  clientKeyFile: "client_key_file",
} as const;

/** One part of a target's guard. */
export interface GuardedBy<P extends ProtectionPart> extends TargetEntry {
  readonly protection: Protection & Required<Pick<Protection, P>>;
}

/**
 * The guard of the target that `--target` names, or of the only one of the file whose kind has the part; entered with the credentials that
 * the flags name, if any. Close it.
 */
export async function guardedBy<P extends ProtectionPart>(
  invocation: Invocation,
  part: P,
): Promise<Result<GuardedBy<P>>> {
  const path = invocation.settings.get("targets");
  if (!path.ok) return path;
  const targets = readTargets(path.value);
  if (!targets.ok) return targets;
  const entries = Object.entries(targets.value.targets).map(([name, entry]) => ({ name, entry }));
  const wanted = invocation.flags.target;
  const named =
    typeof wanted === "string" ? entries.filter(({ name }) => name === wanted) : await having(part, entries);
  const [only] = named;
  if (only === undefined || named.length > 1) {
    const names = (await having(part, entries)).map(({ name }) => name).join(", ");
    return fail("usage", `name one of the targets with --target: ${names === "" ? "there is none to guard" : names}`);
  }
  const target = { name: only.name, entry: withAccess(only.entry, invocation) };
  const opened = await openProtection(target);
  if (!opened.ok) return opened;
  const protection = opened.value;
  if (has(protection, part)) return ok({ ...target, protection });
  protection.close();
  return fail("usage", `target ${target.name} has no ${part}: ${protection.without[part] ?? ""}`);
}

function has<P extends ProtectionPart>(
  protection: Protection,
  part: P,
): protection is Protection & Required<Pick<Protection, P>> {
  return protection[part] !== undefined;
}

/** The targets whose kind has a part; one that its connector does not understand is among them, to be refused by name. */
async function having(part: ProtectionPart, entries: readonly TargetEntry[]): Promise<readonly TargetEntry[]> {
  const found: TargetEntry[] = [];
  for (const target of entries) {
    const opened = await openProtection(target);
    if (!opened.ok || has(opened.value, part)) found.push(target);
    if (opened.ok) opened.value.close();
  }
  return found;
}

function withAccess(entry: TargetEntry["entry"], { flags, io }: Invocation): TargetEntry["entry"] {
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
