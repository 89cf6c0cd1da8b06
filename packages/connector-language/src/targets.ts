import { failMistakes, type Mistake, ok, type Result } from "@seb/schema";
import { isObject } from "./mistakes.js";
import { pointerOf } from "./pointer.js";

/** Something that was read, or everything that is wrong with it. */
export type Read<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly mistakes: readonly [Mistake, ...Mistake[]] };

/** An entry of targets.yaml under its name. */
export type Named<T> = T & { readonly name: string };

/** What was read when there is no mistake. */
export function readOr<T>(mistakes: readonly Mistake[], make: () => T): Read<T> {
  const [first, ...more] = mistakes;
  return first === undefined ? { ok: true, value: make() } : { ok: false, mistakes: [first, ...more] };
}

/**
 * Reads one connector's entries of targets.yaml, by name; entries of other connectors are passed over.
 *
 * @returns `setting_invalid` with every mistake; a `field` is `/targets/<name>/<setting>`.
 */
export function readTargets<T>(
  connector: string,
  entries: Readonly<Record<string, unknown>>,
  read: (entry: Readonly<Record<string, unknown>>) => Read<T>,
): Result<ReadonlyMap<string, Named<T>>, "setting_invalid"> {
  const targets = new Map<string, Named<T>>();
  const mistakes: Mistake[] = [];
  for (const [name, entry] of Object.entries(entries)) {
    if (!isObject(entry) || entry.connector !== connector) continue;
    const target = read(entry);
    if (target.ok) targets.set(name, { ...target.value, name });
    else mistakes.push(...target.mistakes.map((mistake) => atTarget(name, mistake)));
  }
  const [first, ...more] = mistakes;
  return first === undefined ? ok(targets) : failMistakes("setting_invalid", [first, ...more]);
}

/** A mistake of one entry, as one of targets.yaml. */
export function atTarget(name: string, mistake: Mistake): Mistake {
  return { ...mistake, field: `/targets${pointerOf([name])}${mistake.field ?? ""}` };
}
