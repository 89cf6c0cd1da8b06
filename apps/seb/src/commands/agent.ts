import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { readYaml } from "@seb/catalogue";
import { AgentDefinition, fail, Name, ok, type Result, Thumbprint, validate } from "@seb/schema";
import { publicOf } from "@seb/seal";
import type { Command } from "commander";
import { stringify } from "yaml";
import { collect, finish, group, type Host, type Invocation } from "../command.js";
import { readKey } from "../key-files.js";
import { done, type Outcome, refused } from "../outcome.js";
import { table, timeOf } from "../tables.js";
import { writeWhole } from "../write-file.js";

const DAY_SECONDS = 86_400;

function folderOf({ settings }: Invocation): Result<string> {
  const control = settings.get("control");
  return control.ok ? ok(join(control.value, "agents")) : control;
}

function thumbprintsOf({ flags, io }: Invocation): Result<readonly string[]> {
  const given = Array.isArray(flags.thumbprint) ? flags.thumbprint.map(String) : [];
  for (const thumbprint of given)
    if (!validate(Thumbprint, thumbprint, "usage").ok)
      return fail("usage", "--thumbprint is 43 characters of base64url");
  const files = Array.isArray(flags.key) ? flags.key.map(String) : [];
  const read: string[] = [];
  for (const file of files) {
    const key = readKey(file.startsWith("/") ? file : join(io.cwd, file), "agent");
    if (!key.ok) return key;
    read.push(publicOf(key.value).kid);
  }
  const all = [...given, ...read];
  return all.length > 0 ? ok(all) : fail("usage", "give --thumbprint or --key: the key that the agent proves to have");
}

function daysOf(value: unknown): number {
  const days = typeof value === "string" ? Number(value) : 90;
  return Number.isInteger(days) && days > 0 && days <= 3650 ? days : Number.NaN;
}

async function add(invocation: Invocation): Promise<Outcome> {
  const { args, flags, io } = invocation;
  const name = validate(Name, args[0], "usage");
  if (!name.ok) return refused(fail("usage", "the agent's name is a DNS label").error);
  const folder = folderOf(invocation);
  if (!folder.ok) return refused(folder.error);
  const keys = thumbprintsOf(invocation);
  if (!keys.ok) return refused(keys.error);
  const days = daysOf(flags.days);
  const definition = validate(
    AgentDefinition,
    {
      ver: 1,
      subject: `agent:${name.value}`,
      owner: flags.owner,
      keys: [...keys.value],
      actions: flags.action,
      expires: Math.floor(io.nowMs() / 1000) + days * DAY_SECONDS,
    },
    "usage",
  );
  if (!definition.ok)
    return refused(fail("usage", "--owner, --action (repeatable) and --days (1 to 3650) are needed").error);
  const path = join(folder.value, `${name.value}.yaml`);
  if (existsSync(path) && flags.replace !== true)
    return refused(fail("usage", `${path} exists: give --replace to write it anew`).error);
  writeWhole(path, stringify(definition.value));
  return done(
    { ok: true, file: path, ...definition.value },
    `${path}\nIt counts once the folder is activated: seb policy activate\n`,
  );
}

function readAgent(path: string): Result<AgentDefinition> {
  const read = readYaml(readFileSync(path, "utf8"));
  const agent = read.ok ? validate(AgentDefinition, read.value, "catalogue_invalid") : read;
  return agent.ok ? agent : fail("catalogue_invalid", `${path} is not an agent's definition`);
}

async function list(invocation: Invocation): Promise<Outcome> {
  const folder = folderOf(invocation);
  if (!folder.ok) return refused(folder.error);
  let names: readonly string[];
  try {
    names = readdirSync(folder.value)
      .filter((name) => name.endsWith(".yaml"))
      .sort();
  } catch {
    return refused(fail("setting_missing", `cannot read ${folder.value}`).error);
  }
  const agents: AgentDefinition[] = [];
  for (const name of names) {
    const agent = readAgent(join(folder.value, name));
    if (!agent.ok) return refused(agent.error);
    agents.push(agent.value);
  }
  const now = invocation.io.nowMs() / 1000;
  const rows = agents.map(({ subject, owner, actions, keys, expires }) => [
    subject,
    owner,
    actions.join(" "),
    keys.join("\n"),
    expires <= now ? "expired" : timeOf(expires * 1000),
  ]);
  return done({ ok: true, agents }, table(["subject", "owner", "actions", "keys", "expires"], rows));
}

async function expire(invocation: Invocation): Promise<Outcome> {
  const folder = folderOf(invocation);
  if (!folder.ok) return refused(folder.error);
  const path = join(folder.value, `${invocation.args[0] ?? ""}.yaml`);
  if (!validate(Name, invocation.args[0], "usage").ok || !existsSync(path))
    return refused(fail("agent_unknown", "the control folder has no agent of that name").error);
  const agent = readAgent(path);
  if (!agent.ok) return refused(agent.error);
  const expires = Math.floor(invocation.io.nowMs() / 1000);
  writeWhole(path, stringify({ ...agent.value, expires }));
  const hint = `It counts once the folder is activated: seb policy activate\nTo stop it at once: seb revoke subject ${agent.value.subject}\n`;
  return done({ ok: true, file: path, expires }, `${path}\n${hint}`);
}

/** `seb agent add|list|expire`. */
export function addAgent(program: Command, host: Host): void {
  const agent = group(program, "agent", "Agents of the control folder", [
    "seb agent list",
    "seb agent add night-bot --key night-bot.json --owner team-sre --action deploy",
  ]);
  const onControl = (command: Command) => command.option("--control <dir>", "control folder (SEB_CONTROL)");
  finish(
    onControl(agent.command("add").argument("<name>", "becomes agent:<name>"))
      .description("Register an agent by its key's thumbprint")
      .option("--key <file>", "the agent's key file; only the public half is used; may be repeated", collect)
      .option("--thumbprint <jkt>", "RFC 7638 thumbprint of the agent's key; may be repeated", collect)
      .option("--owner <name>", "the team that answers for it")
      .option("--action <name>", "an action it may ask for; may be repeated", collect)
      .option("--days <n>", "days until it expires (default 90)")
      .option("--replace", "write an existing definition anew"),
    host,
    ["seb agent add night-bot --key night-bot.json --owner team-sre --action deploy --action scale"],
    add,
  );
  finish(onControl(agent.command("list").description("List agents")), host, ["seb agent list"], list);
  finish(
    onControl(agent.command("expire").argument("<name>", "without agent:").description("Let an agent expire now")),
    host,
    ["seb agent expire night-bot"],
    expire,
  );
}
