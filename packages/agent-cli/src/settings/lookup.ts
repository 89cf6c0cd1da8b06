import { fail, ok, type Result } from "@seb/schema";

export type Env = Readonly<Record<string, string | undefined>>;
export type SettingCode = "setting_missing" | "setting_invalid";

/** Names of one setting: `--image-digest`, `SEB_IMAGE_DIGEST`. */
export interface SettingNames {
  readonly flag: string;
  readonly variable: string;
}

/** Flag and variable of a parameter, scope key or setting in snake case. */
export function namesOf(key: string): SettingNames {
  return { flag: `--${key.replaceAll("_", "-")}`, variable: `SEB_${key.toUpperCase()}` };
}

/** Both names, for a message about a wrong value that either may have given. */
export function bothNames({ flag, variable }: SettingNames): string {
  return `${flag} (${variable})`;
}

const REFERENCE = /\$\{([A-Za-z_][A-Za-z0-9_]{0,127})\}/g;

/** Replaces each `${NAME}` by the variable's value. A variable that is missing or empty fails, named with the flag. */
export function substitute(text: string, env: Env, names: SettingNames): Result<string, "setting_missing"> {
  let missing: string | undefined;
  const value = text.replace(REFERENCE, (_whole, name: string) => {
    const found = env[name] ?? "";
    if (found === "") missing ??= name;
    return found;
  });
  if (missing === undefined) return ok(value);
  return fail("setting_missing", `give ${names.flag}, or set ${missing}, which the settings file names`, {
    facts: { flag: names.flag, variable: missing },
  });
}

/** A value by rank: flag, `SEB_*` variable (unless empty), settings file. Undefined when none of them has it. */
export function lookup<T>(
  names: SettingNames,
  flag: string | undefined,
  env: Env,
  file: T | undefined,
): Result<string | T | undefined, "setting_missing"> {
  if (flag !== undefined) return ok(flag);
  const variable = env[names.variable] ?? "";
  if (variable !== "") return ok(variable);
  if (typeof file !== "string") return ok(file);
  return substitute(file, env, names);
}

/** The failure for a setting that nothing gives. */
export function missing(names: SettingNames): Result<never, "setting_missing"> {
  return fail("setting_missing", `give ${names.flag}, or set ${names.variable}`, {
    facts: { flag: names.flag, variable: names.variable },
  });
}
