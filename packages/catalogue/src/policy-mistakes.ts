import {
  type Modes,
  nearest,
  type PersonDefinition,
  shown,
  type Thresholds,
  type ValueMistake,
  type Windows,
} from "@seb/schema";
import { member } from "./definition.js";
import type { Draft } from "./draft.js";
import { timeMistakes } from "./holder-mistakes.js";
import { listMistakes, unknownName } from "./names.js";
import type { PolicyTest } from "./policy-test.js";

/** Mistakes in `policy/windows.yaml`. */
export function* windowMistakes({ windows, freezes }: Windows, { names }: Draft): Generator<ValueMistake> {
  const services = new Set([...names.services, "*"]);
  for (const [index, window] of windows.entries()) {
    const field = `/windows/${index}`;
    yield* listMistakes(`${field}/services`, window.services, services, "a service or `*`");
    yield* listMistakes(`${field}/days`, window.days, undefined, "a day");
    if (!isZone(window.zone)) yield zoneMistake(`${field}/zone`, window.zone);
    if (window.from === window.to && window.from !== "00:00")
      yield {
        field: `${field}/to`,
        found: `${shown(window.to)}, when it also begins`,
        expected: "another time of day",
      };
  }
  for (const [index, freeze] of freezes.entries()) {
    const field = `/freezes/${index}`;
    yield* listMistakes(`${field}/services`, freeze.services, services, "a service or `*`");
    yield* timeMistakes(`${field}/to`, freeze.to);
    if (freeze.from >= freeze.to)
      yield { field: `${field}/to`, found: String(freeze.to), expected: `later than from, ${freeze.from}` };
  }
  yield* namedTwice([
    ...windows.map(({ name }, index) => ({ name, field: `/windows/${index}/name` })),
    ...freezes.map(({ name }, index) => ({ name, field: `/freezes/${index}/name` })),
  ]);
}

function* namedTwice(all: readonly { readonly name: string; readonly field: string }[]): Generator<ValueMistake> {
  const first = new Map<string, string>();
  for (const { name, field } of all) {
    const other = first.get(name);
    if (other === undefined) first.set(name, field);
    else
      yield {
        field,
        found: `${shown(name)}, the name of ${other.slice(0, -"/name".length)}`,
        expected: "a name of its own",
      };
  }
}

function zoneMistake(field: string, zone: string): ValueMistake {
  const near = nearest(zone, Intl.supportedValuesOf("timeZone"));
  const expected = "an IANA time zone, e.g. `Europe/Berlin`";
  return { field, found: shown(zone), expected, ...(near.length === 0 ? {} : { near }) };
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

/** Mistakes in `policy/modes.yaml`. */
export function* modeMistakes(modes: Modes, { names }: Draft): Generator<ValueMistake> {
  for (const [action, entry] of Object.entries(modes.actions)) {
    const field = `/actions/${action}`;
    if (!names.actions.has(action)) yield unknownName(field, action, names.actions, "an action");
    for (const service of Object.keys(entry.services))
      if (!names.services.has(service))
        yield unknownName(`${field}/services/${service}`, service, names.services, "a service");
  }
}

/** Mistakes in `policy/thresholds.yaml`: a higher tier is never held to less than a lower one. */
export function* thresholdMistakes(thresholds: Thresholds, { people, names }: Draft): Generator<ValueMistake> {
  const { certificate_ttl_seconds: ttl, approvals } = thresholds;
  yield* outOfOrder("/certificate_ttl_seconds", ttl, "at most", (value, before) => value <= before);
  yield* outOfOrder("/approvals", approvals, "at least", (value, before) => value >= before);
  if (people.size === names.people.size) yield* groupMistakes(thresholds.approver_group, [...people.values()]);
}

function* outOfOrder(
  field: string,
  values: readonly number[],
  words: string,
  fits: (value: number, before: number) => boolean,
): Generator<ValueMistake> {
  for (const [tier, value] of values.entries()) {
    const before = values[tier - 1] ?? value;
    if (!fits(value, before))
      yield {
        field: `${field}/${tier}`,
        found: `${value} for tier ${tier}`,
        expected: `${words} the ${before} of tier ${tier - 1}`,
      };
  }
}

/** People are named only to approve: when there are some and none is in the group, its name is misspelt. */
function* groupMistakes(group: string, people: readonly PersonDefinition[]): Generator<ValueMistake> {
  const groups = new Set(people.flatMap((person) => person.groups));
  if (people.length > 0 && !groups.has(group))
    yield unknownName("/approver_group", group, groups, "a group of a person");
}

/** Mistakes in one file of policy tests. */
export function* testMistakes(tests: readonly PolicyTest[], { names, services }: Draft): Generator<ValueMistake> {
  yield* namedTwice(tests.map(({ name }, index) => ({ name, field: `/tests/${index}/name` })));
  const agents = new Set([...names.agents].map((subject) => subject.slice("agent:".length)));
  for (const [index, test] of tests.entries()) {
    const field = `/tests/${index}`;
    if (!agents.has(test.agent)) yield unknownName(`${field}/agent`, test.agent, agents, "an agent");
    if (!names.actions.has(test.action)) yield unknownName(`${field}/action`, test.action, names.actions, "an action");
    if (!names.services.has(test.service))
      yield unknownName(`${field}/service`, test.service, names.services, "a service");
    const regions = services.get(test.service)?.regions;
    if (regions !== undefined && member(regions, test.region) === undefined)
      yield unknownName(`${field}/region`, test.region, Object.keys(regions), "a region of the service");
    yield* listMistakes(`${field}/expect`, test.expect, undefined, "a policy");
  }
}
