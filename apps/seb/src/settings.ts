import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { readYaml } from "@seb/catalogue";
import { fail, ok, type Result } from "@seb/schema";
import type { Io } from "./io.js";

/** Flags as commander names them (camel case). */
export type Flags = Readonly<Record<string, string | boolean | readonly string[] | undefined>>;

/** A setting's value and where it came from. */
export interface Found {
  readonly value: string;
  readonly from: string;
}

/** Everything that can be set: flag, variable, and the place in a dev folder that stands in for both. */
export const SETTINGS = {
  signerUrl: { flag: "--signer-url", env: "SEB_SIGNER_URL", place: "endpoint" },
  revocationUrl: { flag: "--revocation-url", env: "SEB_REVOCATION_URL", place: "endpoint" },
  brokerUrl: { flag: "--broker-url", env: "SEB_BROKER_URL", place: "endpoint" },
  trust: { flag: "--trust", env: "SEB_TRUST", place: "trust.json" },
  pins: { flag: "--pins", env: "SEB_TRUST_PINS", place: "trust-pins.json" },
  control: { flag: "--control", env: "SEB_CONTROL", place: "control" },
  bundles: { flag: "--bundles", env: "SEB_BUNDLES", place: "bundles" },
  targets: { flag: "--targets", env: "SEB_TARGETS", place: "targets.yaml" },
  /** An approver's own key; in a dev folder that of the one person there. */
  key: { flag: "--key", env: "SEB_APPROVER_KEY", place: "keys/person-carol.json" },
} as const;
export type SettingName = keyof typeof SETTINGS;
export const SETTING_NAMES = Object.keys(SETTINGS) as readonly SettingName[];

/** Settings of one invocation: flag > variable > nearest dev folder. */
export interface Settings {
  /** The dev folder in force, if there is one. */
  readonly folder: Found | undefined;
  /** The setting, or `setting_missing` naming flag and variable. */
  get(name: SettingName): Result<string, "setting_missing">;
  find(name: SettingName): Found | undefined;
  /** A path inside the dev folder. */
  inFolder(...parts: string[]): Result<string, "setting_missing">;
  /** Key files of operators: `--operator` (repeatable), SEB_OPERATOR_KEYS (separated by commas), or those of the dev folder. */
  operators(): readonly string[];
}

/** The nearest `.seb` folder at or above a directory. */
function nearestFolder(cwd: string): string | undefined {
  for (let at = resolve(cwd); ; at = dirname(at)) {
    const folder = join(at, ".seb");
    if (existsSync(folder) && statSync(folder).isDirectory()) return folder;
    if (dirname(at) === at) return undefined;
  }
}

function folderOf(io: Io, flags: Flags): Found | undefined {
  if (typeof flags.folder === "string") return { value: resolve(io.cwd, flags.folder), from: "--folder" };
  const variable = io.env.SEB_FOLDER;
  if (variable !== undefined && variable !== "") return { value: resolve(io.cwd, variable), from: "SEB_FOLDER" };
  const nearest = nearestFolder(io.cwd);
  return nearest === undefined ? undefined : { value: nearest, from: "nearest .seb" };
}

function endpointIn(folder: string, name: string): string | undefined {
  try {
    const read = readYaml(readFileSync(join(folder, "agent.yaml"), "utf8"));
    if (!read.ok || typeof read.value !== "object" || read.value === null || !("endpoints" in read.value))
      return undefined;
    const { endpoints } = read.value;
    if (typeof endpoints !== "object" || endpoints === null) return undefined;
    const url: unknown = Object.entries(endpoints).find(([key]) => key === name)?.[1];
    return typeof url === "string" ? url : undefined;
  } catch {
    return undefined;
  }
}

function operatorsIn(folder: string): readonly string[] {
  try {
    const names = readdirSync(join(folder, "keys")).filter((name) => /^operator-[a-z0-9-]+\.json$/.test(name));
    return names.sort().map((name) => join(folder, "keys", name));
  } catch {
    return [];
  }
}

/** Resolves settings lazily; nothing is read before it is asked for. */
export function settingsOf(io: Io, flags: Flags): Settings {
  const folder = folderOf(io, flags);
  const path = (name: SettingName, value: string) =>
    SETTINGS[name].place === "endpoint" ? value : resolve(io.cwd, value);

  function find(name: SettingName): Found | undefined {
    const { flag, env, place } = SETTINGS[name];
    const given = flags[name];
    if (typeof given === "string") return { value: path(name, given), from: flag };
    const variable = io.env[env];
    if (variable !== undefined && variable !== "") return { value: path(name, variable), from: env };
    if (folder === undefined) return undefined;
    if (place === "endpoint") {
      const value = endpointIn(folder.value, name.slice(0, -"Url".length));
      return value === undefined ? undefined : { value, from: "agent.yaml" };
    }
    return { value: join(folder.value, place), from: folder.from };
  }

  return {
    folder,
    find,
    get(name) {
      const found = find(name);
      if (found !== undefined) return ok(found.value);
      const { flag, env } = SETTINGS[name];
      return fail("setting_missing", `give ${flag} or ${env}, or work below a directory with a .seb folder`);
    },
    inFolder(...parts) {
      if (folder !== undefined) return ok(join(folder.value, ...parts));
      return fail("setting_missing", "give --folder or SEB_FOLDER, or work below a directory with a .seb folder");
    },
    operators() {
      const given = flags.operator;
      if (Array.isArray(given) && given.length > 0) return given.map((file: string) => resolve(io.cwd, file));
      const variable = io.env.SEB_OPERATOR_KEYS;
      if (variable) return variable.split(",").map((file) => resolve(io.cwd, file.trim()));
      return folder === undefined ? [] : operatorsIn(folder.value);
    },
  };
}
