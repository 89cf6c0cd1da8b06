import type { Bundle } from "@seb/catalogue";
import { type Mistake, printable } from "@seb/schema";
import { nearOf } from "./cedar-mistakes.js";
import { withoutComments } from "./place.js";
import { type PolicySource, placeIn } from "./read.js";

/** The names that a policy may use, as the folder defines them. */
export interface KnownNames {
  readonly entities: ReadonlyMap<string, { readonly names: ReadonlySet<string>; readonly what: string }>;
  readonly regions: ReadonlySet<string>;
}

/** What the signer fills: every entity that a request can hold, and every region. */
export function namesOf({ agents, actions, services }: Bundle): KnownNames {
  const owners = [...agents.values(), ...services.values()].map(({ owner }) => owner);
  const subjects = [...agents.keys()].map((subject) => subject.slice("agent:".length));
  return {
    entities: new Map([
      ["Agent", { names: new Set(subjects), what: "agents" }],
      ["Action", { names: new Set(actions.keys()), what: "actions" }],
      ["Service", { names: new Set(services.keys()), what: "services" }],
      ["Team", { names: new Set(owners), what: "owners of agents and services" }],
    ]),
    regions: new Set([...services.values()].flatMap(({ regions }) => Object.keys(regions))),
  };
}

/**
 * Names in a policy that the folder does not define: a rule over them can never apply. Cedar itself checks the names of types and actions,
 * but knows no other entity.
 */
export function unknownNames(policy: PolicySource, known: KnownNames): Mistake[] {
  const code = withoutComments(policy.text);
  const at = (pattern: RegExp) =>
    placeIn(policy, Buffer.byteLength(code.slice(0, Math.max(0, code.search(pattern))), "utf8"));
  const mistakes: Mistake[] = [];
  for (const { type, id } of entitiesIn(policy.json)) {
    const kind = known.entities.get(type);
    if (kind === undefined || kind.names.has(id)) continue;
    const place = at(new RegExp(`\\b${type}\\s*::\\s*${escaped(JSON.stringify(id))}`));
    const found = `\`${type}::"${printable(id, 60)}"\``;
    const near = nearOf(id, kind.names, (name) => `${type}::"${name}"`);
    mistakes.push({ file: policy.file, ...place, found, expected: `one of the folder's ${kind.what}`, ...near });
  }
  for (const region of regionsIn(policy.json)) {
    if (known.regions.has(region)) continue;
    const place = at(new RegExp(escaped(JSON.stringify(region))));
    const near = nearOf(region, known.regions);
    mistakes.push({
      file: policy.file,
      ...place,
      found: `\`${printable(region, 60)}\``,
      expected: "a region of one of the folder's services",
      ...near,
    });
  }
  return mistakes;
}

const escaped = (text: string) => text.replace(/[.*+?^${}()|[\]\\/]/g, "\\$&");

interface Entity {
  readonly type: string;
  readonly id: string;
}

const membersOf = (value: unknown): readonly (readonly [string, unknown])[] =>
  typeof value === "object" && value !== null ? Object.entries(value) : [];
const isEntity = (value: unknown): value is Entity =>
  typeof value === "object" &&
  value !== null &&
  "type" in value &&
  "id" in value &&
  typeof value.type === "string" &&
  typeof value.id === "string";

/** Entities in a policy's JSON: `entity` and `entities` of its scope, `__entity` of its expressions. */
function entitiesIn(value: unknown): Entity[] {
  return membersOf(value).flatMap(([name, member]) => {
    if (isEntity(member) && (name === "entity" || name === "__entity")) return [member];
    if (name === "entities" && Array.isArray(member))
      return member.flatMap((one) => (isEntity(one) ? [one] : entitiesIn(one)));
    return entitiesIn(member);
  });
}

/** Texts that a policy compares `context.region` with. */
function regionsIn(value: unknown): string[] {
  return membersOf(value).flatMap(([operator, operands]) => {
    const below = regionsIn(operands);
    if (operator !== "==" && operator !== "!=" && operator !== "contains") return below;
    const sides = membersOf(operands).map(([, side]) => side);
    return sides.some(isRegion) ? [...below, ...sides.flatMap(textsOf)] : below;
  });
}

const isRegion = (expression: unknown) =>
  JSON.stringify(expression) === '{".":{"left":{"Var":"context"},"attr":"region"}}';

/** Literal texts of an operand: `{Value: text}`, or a set of them. */
function textsOf(expression: unknown): string[] {
  return membersOf(expression).flatMap(([name, value]) => {
    if (name === "Value" && typeof value === "string") return [value];
    if (name === "Value" && Array.isArray(value)) return value.filter((one) => typeof one === "string");
    return name === "Set" && Array.isArray(value) ? value.flatMap(textsOf) : [];
  });
}
