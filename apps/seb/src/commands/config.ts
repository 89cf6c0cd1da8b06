import { resolve } from "node:path";
import type { Command } from "commander";
import { finish, group, type Host, type Invocation } from "../command.js";
import { checkConfig } from "../config-check.js";
import { done, type Outcome, refused } from "../outcome.js";
import { TEST_TIMEOUT_MS } from "../policy-test.js";
import { SETTING_NAMES, SETTINGS } from "../settings.js";
import { table } from "../tables.js";

async function check({ args, io, deadline }: Invocation): Promise<Outcome> {
  const paths = args.map((path) => resolve(io.cwd, path));
  const checked = await checkConfig(paths, deadline.remainingMs());
  if (!checked.ok) return refused(checked.error);
  const files = checked.value.map(({ path, is }) => ({ file: path, is }));
  const [only, second] = files;
  const json = only !== undefined && second === undefined ? only : { files };
  return done({ ok: true, ...json }, files.map(({ file, is }) => `${file}: ${is}\n`).join(""));
}

async function show({ settings }: Invocation): Promise<Outcome> {
  const found = SETTING_NAMES.map((name) => ({ name, ...SETTINGS[name], found: settings.find(name) }));
  const rows = found.map(({ name, flag, env, found: is }) => [name, is?.value ?? "not set", is?.from ?? "", flag, env]);
  const folder = settings.folder;
  const all = [["folder", folder?.value ?? "not set", folder?.from ?? "", "--folder", "SEB_FOLDER"], ...rows];
  const operators = settings.operators().map((file) => ["operator", file, "", "--operator", "SEB_OPERATOR_KEYS"]);
  const json = Object.fromEntries(found.map(({ name, found: is }) => [name, is ?? null]));
  return done(
    { ok: true, folder: folder ?? null, ...json, operators: settings.operators() },
    table(["setting", "value", "from", "flag", "variable"], [...all, ...operators]),
  );
}

/** `seb config check|show`. */
export function addConfig(program: Command, host: Host): void {
  const config = group(program, "config", "Settings of this command line, and checks of files", [
    "seb config show",
    "seb config check .seb/control",
  ]);
  finish(
    config
      .command("check")
      .argument("<files...>", "files and control folders; those given together are checked against each other")
      .description("Check configuration files, or a control folder with its policies and their tests"),
    host,
    ["seb config check .seb/control", "seb config check .seb/control .seb/ceilings.yaml .seb/targets.yaml"],
    check,
    TEST_TIMEOUT_MS,
  );
  finish(
    config
      .command("show")
      .description("Show every setting in force and where it comes from: flag > SEB_* > nearest .seb"),
    host,
    ["seb config show"],
    show,
  );
}
