import {
  ActionDefinition,
  AgentDefinition,
  Ceilings,
  failMistakes,
  Modes,
  ok,
  PersonDefinition,
  type Result,
  RootDefinition,
  ServiceDefinition,
  Targets,
  Thresholds,
  Windows,
} from "@seb/schema";
import type { TSchema } from "typebox";
import { actionMistakes } from "./action-mistakes.js";
import { ControlReader } from "./control-reader.js";
import { targetMistakes } from "./languages.js";
import { ownCeilingMistakes } from "./platform-mistakes.js";
import { PolicyTestsFile } from "./policy-test.js";

/** YAML files that can be checked alone, by kind. */
const SCHEMAS = {
  actions: ActionDefinition,
  services: ServiceDefinition,
  agents: AgentDefinition,
  people: PersonDefinition,
  roots: RootDefinition,
  windows: Windows,
  modes: Modes,
  thresholds: Thresholds,
  tests: PolicyTestsFile,
  ceilings: Ceilings,
  targets: Targets,
} satisfies Readonly<Record<string, TSchema>>;

export type ConfigKind = keyof typeof SCHEMAS;

/** Says whether a name is one of the kinds that {@link readConfigFile} checks. */
export function isConfigKind(name: string): name is ConfigKind {
  return Object.hasOwn(SCHEMAS, name);
}

/**
 * Checks one YAML file without the others: its schema, and what can be wrong within it.
 *
 * @param file how the mistakes name it.
 * @returns the value, or `setting_invalid` with every mistake.
 */
export function readConfigFile(kind: ConfigKind, file: string, text: string): Result<unknown, "setting_invalid"> {
  const reader = new ControlReader({ [file]: text });
  const value: unknown = reader.read(file, SCHEMAS[kind]);
  if (value !== undefined) addOwn(reader, kind, file, value);
  const [first, ...more] = reader.mistakes();
  return first === undefined ? ok(value) : failMistakes("setting_invalid", [first, ...more]);
}

/** Mistakes that a schema cannot see. */
function addOwn(reader: ControlReader, kind: ConfigKind, file: string, value: unknown): void {
  if (kind === "actions") for (const mistake of actionMistakes(value as ActionDefinition)) reader.add(file, mistake);
  if (kind === "ceilings") for (const mistake of ownCeilingMistakes(value as Ceilings)) reader.add(file, mistake);
  if (kind !== "targets") return;
  for (const { file: _, field = "", ...mistake } of targetMistakes(value as Targets))
    reader.add(file, { field, ...mistake });
}
