import { fail, nearest, ok, printable, type Result, validate } from "@seb/schema";
import type { Static, TSchema } from "typebox";
import type { EvidenceProvider } from "./provider.js";

/** Where a source's settings stand. */
export interface SettingsPlace {
  /** Absolute path of a file that the settings name relative to their own folder. */
  at(path: string): string;
}

/** A provider that has settings: its package brings their closed schema, and the client that they are for. */
export interface EvidenceSource {
  /** Its member of `evidence` in the signer's settings. */
  readonly name: string;
  /** Checks the settings and makes the provider with its client; connects to nothing. */
  open(settings: unknown, place: SettingsPlace): Result<EvidenceProvider, "setting_invalid" | "setting_missing">;
}

/** Makes a source whose `open` gets settings that fit the schema. */
export function defineSource<S extends TSchema>(
  name: string,
  settings: S,
  open: (settings: Static<S>, place: SettingsPlace) => ReturnType<EvidenceSource["open"]>,
): EvidenceSource {
  return {
    name,
    open(value, place) {
      const valid = validate(settings, value, "setting_invalid");
      return valid.ok ? open(valid.value, place) : valid;
    },
  };
}

/**
 * Opens the sources that the settings name.
 *
 * @returns their providers, or `setting_invalid` or `setting_missing` with a pointer into the settings.
 */
export function openSources(
  sources: readonly EvidenceSource[],
  settings: Readonly<Record<string, unknown>>,
  place: SettingsPlace,
): Result<readonly EvidenceProvider[], "setting_invalid" | "setting_missing"> {
  const providers: EvidenceProvider[] = [];
  for (const [name, value] of Object.entries(settings)) {
    const source = sources.find((it) => it.name === name);
    if (source === undefined) return unknownSource(name, sources);
    const opened = source.open(value, place);
    if (!opened.ok) return { ok: false, error: { ...opened.error, pointer: `/${name}${opened.error.pointer ?? ""}` } };
    providers.push(opened.value);
  }
  return ok(providers);
}

function unknownSource(name: string, sources: readonly EvidenceSource[]) {
  const names = sources.map((source) => source.name);
  const [near] = nearest(name, names);
  const known = names.length === 0 ? "this signer has none with settings" : `known are ${names.join(", ")}`;
  const hint = near === undefined ? known : `did you mean ${near}?`;
  return fail("setting_invalid", `there is no source of evidence ${printable(name, 40)}: ${hint}`, {
    pointer: `/${printable(name, 40)}`,
  });
}
