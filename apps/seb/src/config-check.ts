import { readFileSync, statSync } from "node:fs";
import { basename } from "node:path";
import { readJson } from "@seb/canonical";
import { readYaml } from "@seb/catalogue";
import {
  ActionDefinition,
  AgentDefinition,
  Ceilings,
  fail,
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
  if ((statSync(path).mode & 0o077) !== 0)
    return fail("setting_invalid", `${path} can be read by others: set its mode to 0600`);
  return ok(`key of the role ${key.value.role} for ${key.value.name}`);
}

/** Checks one file by its name and folder, or a control folder as a whole. Answers what it is. */
export function checkConfig(path: string): Result<string> {
  let text: string;
  try {
    if (statSync(path).isDirectory()) {
      const packed = packFolder(path);
      return packed.ok ? ok(`control folder, bundle ${packed.value.digest}`) : packed;
    }
    text = readFileSync(path, "utf8");
  } catch {
    return fail("setting_missing", `cannot open ${path}`);
  }
  if (path.endsWith(".json")) return checkKey(text, path);
  const schema = schemaOf(path);
  if (schema === undefined)
    return fail("usage", "known are ceilings, targets, control folders and their files, key files");
  const read = readYaml(text);
  if (!read.ok) return fail("setting_invalid", `${path}: ${read.error.detail}`, read.error);
  const valid: Result<unknown> = validate(schema, read.value, "setting_invalid");
  return valid.ok ? ok(basename(path)) : valid;
}
