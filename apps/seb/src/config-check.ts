import { readFileSync, statSync } from "node:fs";
import { basename } from "node:path";
import { readJson } from "@seb/canonical";
import { readYaml, targetMistakes } from "@seb/catalogue";
import { readSecretFile } from "@seb/local";
import {
  ActionDefinition,
  AgentDefinition,
  Ceilings,
  fail,
  failMistakes,
  Modes,
  ok,
  PersonDefinition,
  type Result,
  RootDefinition,
  ServiceDefinition,
  Targets,
  Thresholds,
  validate,
  Windows,
} from "@seb/schema";
import { readKeyFile } from "@seb/seal";
import type { TSchema } from "typebox";
import { packFolder } from "./control-folder.js";
import type { Refused } from "./outcome.js";
import { canCompile, testFolder } from "./policy-test.js";

/** Schemas by the name or the folder of a YAML file. */
const BY_NAME: Readonly<Record<string, TSchema>> = {
  "ceilings.yaml": Ceilings,
  "targets.yaml": Targets,
  "windows.yaml": Windows,
  "modes.yaml": Modes,
  "thresholds.yaml": Thresholds,
};
const BY_FOLDER: Readonly<Record<string, TSchema>> = {
  actions: ActionDefinition,
  services: ServiceDefinition,
  agents: AgentDefinition,
  people: PersonDefinition,
  roots: RootDefinition,
};

function schemaOf(path: string): TSchema | undefined {
  const folder = basename(path.slice(0, -basename(path).length - 1));
  return BY_NAME[basename(path)] ?? BY_FOLDER[folder];
}

function checkKey(text: string, path: string): Result<string> {
  const json = readJson(text, { maxBytes: 8192, maxDepth: 4 });
  const key = json.ok ? readKeyFile(json.value) : json;
  if (!key.ok) return fail("setting_invalid", `${path} is not a key file, nor another file that is known`);
  const secret = readSecretFile(path);
  if (!secret.ok) return secret;
  return ok(`key of the role ${key.value.role} for ${key.value.name}`);
}

/** Files that others check: they hold the schema. */
const CHECKED_BY: Readonly<Record<string, string>> = {
  "agent.yaml":
    "Run agent-cli, e.g. agent-cli actions: it checks this file whenever it reads it, and names what is wrong.",
  ...Object.fromEntries(
    ["signer", "broker", "revocation"].map((service) => [
      `${service}.yaml`,
      `Run node apps/${service}/dist/main.js --config <file> --check-config: each service checks its own settings.`,
    ]),
  ),
};
const KNOWN = "known are ceilings, targets, control folders and their YAML files, key files";

function unknownFile(path: string): Refused {
  const { error } = fail("usage", KNOWN);
  const remedy = basename(path).endsWith(".cedar")
    ? "Check the control folder as a whole: policies are compiled together with their schema."
    : CHECKED_BY[basename(path)];
  return remedy === undefined ? error : { ...error, detail: `${basename(path)} is not checked here`, remedy };
}

/** A control folder as a whole: every file, each against the others, its policies by Cedar, its policy tests. */
async function checkFolder(path: string, timeoutMs: number): Promise<Checked> {
  if (canCompile()) {
    const tested = await testFolder(path, timeoutMs);
    return tested.ok ? ok(`control folder, bundle ${tested.value.digest}, ${tested.value.tests} tests passed`) : tested;
  }
  const packed = packFolder(path);
  const note = "policies are not compiled here: seb policy test";
  return packed.ok ? ok(`control folder, bundle ${packed.value.digest}; ${note}`) : packed;
}

type Checked = Result<string> | { readonly ok: false; readonly error: Refused };

/** Checks one file by its name and folder, or a control folder as a whole, within `timeoutMs`. Answers what it is. */
export async function checkConfig(path: string, timeoutMs: number): Promise<Checked> {
  let text: string;
  let isFolder: boolean;
  try {
    isFolder = statSync(path).isDirectory();
    text = isFolder ? "" : readFileSync(path, "utf8");
  } catch {
    return fail("setting_missing", `cannot open ${path}`);
  }
  if (isFolder) return checkFolder(path, timeoutMs);
  if (path.endsWith(".json")) return checkKey(text, path);
  const schema = schemaOf(path);
  if (schema === undefined) return { ok: false, error: unknownFile(path) };
  const read = readYaml(text);
  if (!read.ok) return fail("setting_invalid", `${path}: ${read.error.detail}`, read.error);
  const valid: Result<unknown> = validate(schema, read.value, "setting_invalid");
  if (!valid.ok) return valid;
  const targets = schema === Targets ? validate(Targets, read.value, "setting_invalid") : undefined;
  const mistakes = targets?.ok ? [...targetMistakes(targets.value)] : [];
  const [first, ...more] = mistakes.map((mistake) => ({ ...mistake, file: basename(path) }));
  return first === undefined ? ok(basename(path)) : failMistakes("setting_invalid", [first, ...more]);
}
