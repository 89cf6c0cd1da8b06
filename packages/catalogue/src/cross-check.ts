import { jwkThumbprint } from "@seb/canonical";
import type { ActionDefinition, ServiceDefinition, Windows } from "@seb/schema";
import type { Bundle } from "./bundle-contents.js";
import { actionMistakes, liveUse, type Mistake, operationUse } from "./definition.js";
import { isBuiltIn } from "./service-values.js";

/** A mistake and the control file that holds it. */
export interface FileMistake extends Mistake {
  readonly file: string;
}

/** Mistakes in how the files of a bundle refer to each other. */
export function* bundleMistakes(bundle: Bundle): Generator<FileMistake> {
  for (const [name, service] of bundle.services) {
    yield* inFile(`services/${name}.yaml`, serviceMistakes(service));
  }
  for (const [name, action] of bundle.actions) {
    const file = `actions/${name}.yaml`;
    yield* inFile(file, actionMistakes(action));
    yield* inFile(file, variableMistakes(action, bundle.services));
  }
  yield* agentMistakes(bundle);
  yield* keyMistakes(bundle);
  yield* inFile("policy/windows.yaml", windowMistakes(bundle.windows, bundle.services));
  yield* inFile("policy/modes.yaml", modeMistakes(bundle));
  for (const { agent, action, service, region, name } of bundle.policyTests) {
    const known =
      bundle.agents.has(`agent:${agent}`) &&
      bundle.actions.has(action) &&
      Object.hasOwn(bundle.services.get(service)?.regions ?? {}, region);
    if (!known)
      yield { file: "policy/tests", field: name, why: "names an agent, action, service or region that is not there" };
  }
}

function* inFile(file: string, mistakes: Iterable<Mistake>): Generator<FileMistake> {
  for (const mistake of mistakes) yield { file, ...mistake };
}

function* serviceMistakes(service: ServiceDefinition): Generator<Mistake> {
  for (const [region, { values }] of Object.entries(service.regions)) {
    const taken = Object.keys(values).find(isBuiltIn);
    if (taken !== undefined) yield { field: `/regions/${region}/values/${taken}`, why: "is a built-in variable" };
  }
}

/** A variable that no service knows is a slip of the pen; one that only some know says where the action applies. */
function* variableMistakes(action: ActionDefinition, services: Bundle["services"]): Generator<Mistake> {
  const regions = [...services.values()].flatMap((service) => Object.values(service.regions));
  for (const [field, use] of [
    ["/operation", operationUse(action)],
    ["/live", liveUse(action)],
  ] as const) {
    for (const name of use.service) {
      if (isBuiltIn(name) || regions.some(({ values }) => Object.hasOwn(values, name))) continue;
      yield { field, why: `{{service.${name}}} is known to no service` };
    }
  }
}

function* agentMistakes({ agents, actions, people }: Bundle): Generator<FileMistake> {
  for (const [subject, agent] of agents) {
    const file = `agents/${subject.slice("agent:".length)}.yaml`;
    const unknown = agent.actions.findIndex((action) => !actions.has(action));
    if (unknown >= 0) yield { file, field: `/actions/${unknown}`, why: "names no action" };
  }
  for (const [name, person] of people) {
    const unknown = person.agents.findIndex((subject) => !agents.has(subject));
    if (unknown >= 0) yield { file: `people/${name}.yaml`, field: `/agents/${unknown}`, why: "names no agent" };
  }
}

/** One key has one holder: an agent that could also attest or approve would vouch for itself. */
function* keyMistakes({ agents, people, roots }: Bundle): Generator<FileMistake> {
  const holders = new Set<string>();
  const taken = (thumbprint: string) => holders.size === holders.add(thumbprint).size;
  for (const [subject, { keys }] of agents) {
    const file = `agents/${subject.slice("agent:".length)}.yaml`;
    for (const [index, key] of keys.entries()) {
      if (taken(key)) yield { file, field: `/keys/${index}`, why: "this key is named twice" };
    }
  }
  for (const [name, { keys }] of people) {
    const file = `people/${name}.yaml`;
    for (const [index, { kid, jwk }] of keys.entries()) {
      if (jwkThumbprint(jwk) !== kid) yield { file, field: `/keys/${index}/kid`, why: "is not the key's thumbprint" };
      if (taken(kid)) yield { file, field: `/keys/${index}`, why: "this key is named twice" };
    }
  }
  const keyIds = new Set<string>();
  for (const [name, { keyid, jwk }] of roots) {
    const file = `roots/${name}.yaml`;
    if (taken(jwkThumbprint(jwk))) yield { file, field: "/jwk", why: "this key is named twice" };
    if (keyIds.size === keyIds.add(keyid).size) yield { file, field: "/keyid", why: "another root has this keyid" };
  }
}

function* windowMistakes({ windows, freezes }: Windows, services: Bundle["services"]): Generator<Mistake> {
  for (const [index, window] of windows.entries()) {
    const field = `/windows/${index}`;
    yield* servicesMistakes(field, window.services, services);
    if (!isZone(window.zone)) yield { field: `${field}/zone`, why: "is not an IANA time zone" };
    if (new Set(window.days).size !== window.days.length) yield { field: `${field}/days`, why: "a day is named twice" };
    if (window.from === window.to && window.from !== "00:00") yield { field, why: "is empty: from equals to" };
  }
  for (const [index, freeze] of freezes.entries()) {
    yield* servicesMistakes(`/freezes/${index}`, freeze.services, services);
    if (freeze.from >= freeze.to) yield { field: `/freezes/${index}`, why: "ends before it starts" };
  }
  const names = [...windows, ...freezes].map(({ name }) => name);
  if (new Set(names).size !== names.length) yield { field: "", why: "two windows or freezes have one name" };
}

function* servicesMistakes(field: string, names: readonly string[], services: Bundle["services"]): Generator<Mistake> {
  const unknown = names.findIndex((name) => name !== "*" && !services.has(name));
  if (unknown >= 0) yield { field: `${field}/services/${unknown}`, why: "names no service" };
}

function isZone(zone: string): boolean {
  if (!/^[A-Za-z]+(?:\/[A-Za-z0-9_+-]+){0,2}$/.test(zone)) return false;
  try {
    new Intl.DateTimeFormat("en", { timeZone: zone });
    return true;
  } catch {
    return false;
  }
}

function* modeMistakes({ modes, actions, services }: Bundle): Generator<Mistake> {
  for (const [action, entry] of Object.entries(modes.actions)) {
    if (!actions.has(action)) yield { field: `/actions/${action}`, why: "names no action" };
    const unknown = Object.keys(entry.services).find((service) => !services.has(service));
    if (unknown !== undefined) yield { field: `/actions/${action}/services/${unknown}`, why: "names no service" };
  }
}
