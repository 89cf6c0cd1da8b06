import type { Ceilings, Targets, Thresholds, ValueMistake } from "@seb/schema";
import type { Bundle } from "./bundle-contents.js";
import { type FileMistake, listMistakes, unknownName } from "./names.js";
import { matchesPattern, resourceOf } from "./resource.js";

/** Mistakes of `ceilings.yaml` by itself: what it names twice. */
export function* ownCeilingMistakes({ actions, resources, subjects }: Ceilings): Generator<ValueMistake> {
  yield* listMistakes("/actions", actions, undefined, "an action");
  yield* listMistakes("/resources", resources, undefined, "a resource");
  yield* listMistakes("/subjects", subjects, undefined, "an agent");
}

/** Mistakes of `ceilings.yaml` against the bundle that it bounds: names that the bundle does not have, and lives that it would never admit. */
export function* ceilingMistakes(ceilings: Ceilings, bundle: Bundle): Generator<ValueMistake> {
  yield* unknownIn("/actions", ceilings.actions, new Set(bundle.actions.keys()), "an action");
  const subjects = ceilings.subjects.filter((subject) => subject !== "agent:*");
  for (const subject of subjects)
    if (!bundle.agents.has(subject))
      yield unknownName(`/subjects/${ceilings.subjects.indexOf(subject)}`, subject, bundle.agents.keys(), "an agent");
  const resources = [...bundle.services.values()].flatMap(({ name, regions }) =>
    Object.keys(regions).map((region) => resourceOf(name, region)),
  );
  for (const [index, pattern] of ceilings.resources.entries())
    if (!resources.some((resource) => matchesPattern(pattern, resource)))
      yield unknownName(`/resources/${index}`, pattern, resources, "a pattern that covers a resource");
  yield* lifeMistakes(ceilings, bundle.thresholds);
}

function* unknownIn(field: string, names: readonly string[], known: ReadonlySet<string>, what: string) {
  for (const [index, name] of names.entries())
    if (!known.has(name)) yield unknownName(`${field}/${index}`, name, known, what);
}

/** A certificate that lives longer than the ceiling is never admitted. */
function* lifeMistakes({ max_tier, max_lifetime_seconds }: Ceilings, thresholds: Thresholds): Generator<ValueMistake> {
  const longest = Math.max(...thresholds.certificate_ttl_seconds.slice(0, max_tier + 1));
  if (longest <= max_lifetime_seconds) return;
  const expected = `at least ${longest}, which policy/thresholds.yaml gives a certificate that max_tier lets pass`;
  yield { field: "/max_lifetime_seconds", found: String(max_lifetime_seconds), expected };
}

/** Targets that services name and `targets.yaml` does not have. Only where all regions are of one audience, and so of one broker. */
export function* targetUseMistakes({ targets }: Targets, { services }: Bundle): Generator<FileMistake> {
  const regions = [...services].flatMap(([service, { regions: own }]) =>
    Object.entries(own).map(([region, { audience, target }]) => ({ service, region, audience, target })),
  );
  if (new Set(regions.map(({ audience }) => audience)).size !== 1) return;
  for (const { service, region, target } of regions) {
    if (Object.hasOwn(targets, target)) continue;
    const mistake = unknownName(`/regions/${region}/target`, target, Object.keys(targets), "a target of targets.yaml");
    yield { file: `services/${service}.yaml`, ...mistake };
  }
}
