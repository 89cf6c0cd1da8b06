import type { Proposal } from "@seb/client";
import { fail, ok, type Parameters, type Result, Values, validate } from "@seb/schema";
import type { ActionFlags } from "./action-flags.js";
import type { AgentFile } from "./agent-file.js";
import { bothNames, type Env, lookup, missing, namesOf, type SettingCode } from "./lookup.js";
import type { ActionShape, ParameterShape } from "./shape.js";

type Bounds = Proposal["bounds"];
type Value = Parameters[string] | readonly string[];

/** Where values come from, by rank: flags, `SEB_*` variables, what the job kept, the settings file. */
export interface ValueSources {
  readonly flags: ActionFlags;
  readonly env: Env;
  readonly kept?: Parameters;
  readonly file: Pick<AgentFile, "parameters" | "bounds">;
}

/** Gives a text the type of its parameter. Whether the value fits the definition is for the service to judge. */
function typed(
  key: string,
  shape: ParameterShape,
  value: string | number | boolean,
): Result<Parameters[string], "setting_invalid"> {
  const name = bothNames(namesOf(key));
  if (shape.type === "string") return ok(typeof value === "string" ? value : String(value));
  if (shape.type === "boolean") {
    if (typeof value === "boolean") return ok(value);
    if (value === "true" || value === "false") return ok(value === "true");
    return fail("setting_invalid", `${name} is true or false`);
  }
  if (typeof value === "number") return ok(value);
  if (typeof value === "string" && /^-?(?:0|[1-9][0-9]{0,14})$/.test(value)) return ok(Number(value));
  return fail("setting_invalid", `${name} is an integer`);
}

/** The parameters that some source gives; a settings file's other names belong to other actions. */
export function parametersOf(shape: ActionShape, sources: ValueSources): Result<Parameters, SettingCode> {
  const parameters: Record<string, Parameters[string]> = {};
  for (const [key, parameter] of shape.parameters) {
    const kept = sources.kept?.[key];
    const file = kept === undefined ? sources.file.parameters?.[key] : undefined;
    const found = lookup(namesOf(key), sources.flags.parameters.get(key), sources.env, file);
    if (!found.ok) return found;
    const value = found.value ?? kept;
    if (value === undefined) continue;
    if (Array.isArray(value)) return fail("setting_invalid", `${bothNames(namesOf(key))} is a single value`);
    const one = typed(key, parameter, value as string | number | boolean);
    if (!one.ok) return one;
    parameters[key] = one.value;
  }
  return ok(parameters);
}

/** What a bound is when only the parameter's value is given: that value. */
function implied(by: string, value: Parameters[string] | undefined): Value | undefined {
  if (by === "equals" || value === undefined) return undefined;
  return by === "one_of" || by === "subset" ? [String(value)] : value;
}

/** Bounds that some source gives, or that follow from a parameter: `--replicas 12` is asked for as `max_replicas: 12`. */
export function boundsOf(
  shape: ActionShape,
  parameters: Parameters,
  sources: ValueSources,
): Result<Bounds, SettingCode> {
  const bounds: Record<string, Value> = {};
  for (const [key, { bounds: name, by }] of shape.bounds) {
    const parameter = shape.parameters.get(name);
    if (parameter === undefined) continue;
    const own = !shape.parameters.has(key);
    const flag = sources.flags.bounds.get(key);
    const found = own ? lookup(namesOf(key), flag, sources.env, sources.file.bounds?.[key]) : ok(flag);
    if (!found.ok) return found;
    const given = found.value;
    if (given === undefined) {
      const value = implied(by, parameters[name]);
      if (value !== undefined) bounds[key] = value;
      continue;
    }
    if (by === "one_of" || by === "subset") {
      bounds[key] = Array.isArray(given) ? given : String(given).split(",");
      continue;
    }
    if (Array.isArray(given)) return fail("setting_invalid", `${bothNames(namesOf(key))} is a single value`);
    const one = typed(key, parameter, given as string | number | boolean);
    if (!one.ok) return one;
    bounds[key] = one.value;
  }
  const valid = validate(Values, bounds, "setting_invalid");
  return valid.ok ? valid : fail("setting_invalid", `the bound ${valid.error.pointer ?? ""} is not well formed`);
}

/** Fails for the first parameter that is neither given nor left open by a bound; names its flag and variable. */
export function requireForRequest(
  shape: ActionShape,
  parameters: Parameters,
  bounds: Bounds,
): Result<void, SettingCode> {
  for (const name of shape.parameters.keys()) {
    if (parameters[name] !== undefined) continue;
    const open = [...shape.bounds].some(([key, bound]) => bound.bounds === name && bounds[key] !== undefined);
    if (!open) return missing(namesOf(name));
  }
  return ok(undefined);
}

/** Fails for the first parameter that is not given: an execution restates all of them. */
export function requireAll(shape: ActionShape, parameters: Parameters): Result<void, SettingCode> {
  const absent = shape.required.find((name) => parameters[name] === undefined);
  return absent === undefined ? ok(undefined) : missing(namesOf(absent));
}
