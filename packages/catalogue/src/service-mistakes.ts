import { nearest, type ServiceDefinition, shown, type ValueMistake } from "@seb/schema";
import { liveUse, operationUse } from "./definition.js";
import type { Draft } from "./draft.js";
import { unknownName } from "./names.js";
import { BUILT_IN, isBuiltIn } from "./service-values.js";

/** Mistakes of one service, also against what the actions use. */
export function* serviceMistakes(service: ServiceDefinition, draft: Draft): Generator<ValueMistake> {
  yield* imageMistakes(service);
  const used = usedValues(draft);
  const places = new Map<string, string>();
  for (const [region, { audience, target, values }] of Object.entries(service.regions)) {
    const field = `/regions/${region}`;
    for (const name of Object.keys(values)) yield* valueMistakes(`${field}/values/${name}`, name, values, used);
    if (used === undefined || used.has("region")) continue;
    const place = JSON.stringify([audience, target, Object.entries(values).sort()]);
    const other = places.get(place);
    if (other !== undefined && Object.keys(values).length > 0)
      yield { field, found: `the same place as region ${shown(other)}`, expected: "values of its own" };
    places.set(place, region);
  }
}

/** A tag or digest would be compared with the name of an attested image, which has none. */
function* imageMistakes({ image_repository }: ServiceDefinition): Generator<ValueMistake> {
  const last = image_repository.slice(image_repository.lastIndexOf("/") + 1);
  if (last !== "" && !last.includes(":")) return;
  const expected = "a repository without tag, e.g. `registry.example/checkout`";
  yield { field: "/image_repository", found: shown(image_repository), expected };
}

function* valueMistakes(
  field: string,
  name: string,
  values: Readonly<Record<string, string>>,
  used: ReadonlySet<string> | undefined,
): Generator<ValueMistake> {
  if (isBuiltIn(name)) yield { field, found: `the built-in variable ${shown(name)}`, expected: "another name" };
  else if (used !== undefined && !used.has(name)) {
    // A value that no action uses is allowed; one that is spelt almost like a value that is missing is not.
    const near = nearest(
      name,
      [...used].filter((one) => !Object.hasOwn(values, one) && !isBuiltIn(one)),
    );
    if (near.length > 0)
      yield { field, found: `${shown(name)}, which no action uses`, expected: "a value that an action uses", near };
  }
}

/** Service variables of all actions; undefined when an action could not be read. */
function usedValues({ actions, names }: Draft): ReadonlySet<string> | undefined {
  if (actions.size !== names.actions.size) return undefined;
  return new Set(
    [...actions.values()].flatMap((action) => [
      ...operationUse(action).service.keys(),
      ...liveUse(action).service.keys(),
    ]),
  );
}

/** A variable that no service knows is a slip of the pen; one that only some know says where the action applies. */
export function* variableMistakes({ actions, services, names }: Draft, name: string): Generator<ValueMistake> {
  const action = actions.get(name);
  if (action === undefined || services.size !== names.services.size) return;
  const regions = [...services.values()].flatMap((service) => Object.values(service.regions));
  const known = new Set([...BUILT_IN, ...regions.flatMap(({ values }) => Object.keys(values))]);
  for (const [at, use] of [
    ["/operation", operationUse(action)],
    ["/live", liveUse(action)],
  ] as const) {
    for (const [variable, field] of use.service) {
      if (known.has(variable)) continue;
      const mistake = unknownName(`${at}${field}`, variable, known, "a value of a service");
      yield { ...mistake, found: `\`{{service.${variable}}}\`` };
    }
  }
}
