import { Ajv2020, type ErrorObject } from "ajv/dist/2020.js";
import type { TSchema } from "typebox";
import { expectedKey, expectedOf, oneOf, type SchemaNode } from "./expected.js";
import { type Mistake, mayBeToken, nearest, printable, shown } from "./mistake.js";

/** A mistake in a value: `field` is a pointer into it. */
export type ValueMistake = Omit<Mistake, "file" | "line" | "field"> & { readonly field: string };

/** Only for values that `validate` refused: compiled on demand, since it is needed only when there is something to say. */
const ajv = new Ajv2020({
  strict: true,
  strictTypes: false,
  ownProperties: true,
  strictNumbers: true,
  allErrors: true,
  verbose: true,
  validateFormats: false,
  code: { optimize: false },
});

/** Most errors that are looked at; what is wrong in more places than that is told by its first ones. */
const MAX_ERRORS = 1000;

/**
 * Everything in which a value does not fit a closed schema, in the order of the schema; empty when it fits. Of a union only the branch
 * that the value's discriminator (a member with one literal per branch) or its type selects is reported. A member that is missing and
 * one that is not known, with names that are near each other, are one mistake.
 *
 * @param value plain JSON of bounded size, e.g. a control file's: each place in it may be reported.
 */
export function schemaMistakes(schema: TSchema, value: unknown): ValueMistake[] {
  const check = ajv.compile(schema);
  if (check(value)) return [];
  const errors = selected((check.errors ?? []).slice(0, MAX_ERRORS));
  const seen = new Set<string>();
  return withoutRenamed(errors).flatMap((error) => {
    const mistake = mistakeOf(error);
    const key = `${mistake.field}\n${mistake.expected}`;
    return seen.size === seen.add(key).size ? [] : [mistake];
  });
}

/** A longer name than any field's, or one that looks like a token, may be one in the wrong place: it is not repeated. */
const isSafeName = (name: string): boolean =>
  name.length <= 200 && name.split("/").every((part) => /^[A-Za-z0-9_.@ :{}$-]{0,40}$/.test(part)) && !mayBeToken(name);

/** A pointer to a member whose name came from outside: escaped (RFC 6901), and `?` for a name that is not to be repeated. */
export function pointerTo(parent: string, name: string): string {
  return `${parent}/${isSafeName(name) ? name.replaceAll("~", "~0").replaceAll("/", "~1") : "?"}`;
}

const nodeOf = (error: ErrorObject): SchemaNode => (error.parentSchema ?? {}) as SchemaNode;
const paramOf = (error: ErrorObject, name: string): string => String(error.params[name]);

function mistakeOf(error: ErrorObject): ValueMistake {
  const node = nodeOf(error);
  const { instancePath: field, keyword, data } = error;
  if (keyword === "required") {
    const name = paramOf(error, "missingProperty");
    return { field: pointerTo(field, name), found: "nothing", expected: expectedOf(node.properties?.[name] ?? {}) };
  }
  if (keyword === "additionalProperties") return unknownMember(error);
  if (keyword === "anyOf") return unionMistake(field, data, node.anyOf ?? []);
  const expected = expectedOf(node);
  const found = foundOf(data, field, node);
  const literals = typeof node.const === "string" && typeof data === "string" ? nearest(data, [node.const]) : [];
  return { field, found, expected, ...(literals.length === 0 ? {} : { near: literals }) };
}

/** The last member's name in a pointer, which says whether a value may be a credential. */
const lastOf = (field: string): string => field.slice(field.lastIndexOf("/") + 1);

/** Text where a number belongs reads like one: it is called text. */
function foundOf(data: unknown, field: string, { type, const: only, maxLength }: SchemaNode): string {
  const found = shown(data, lastOf(field));
  if (typeof data !== "string" || found.startsWith("text") || found.startsWith("empty")) return found;
  if (maxLength !== undefined && data.length > maxLength) return `text of ${data.length} characters`;
  return type === "string" || typeof only === "string" ? found : `the text ${found}`;
}

function unknownMember(error: ErrorObject): ValueMistake {
  const node = nodeOf(error);
  const name = paramOf(error, "additionalProperty");
  const field = pointerTo(error.instancePath, name);
  const found = `the field ${isSafeName(name) ? shown(name) : `of ${name.length} characters`}`;
  const key = expectedKey(node);
  if (key !== undefined) return { field, found, expected: key };
  const members = Object.keys(node.properties ?? {});
  const near = nearest(name, members);
  const expected = near.length > 0 ? "a known field" : `only ${oneOf(members.map((member) => `\`${member}\``))}`;
  return { field, found, expected, ...(near.length === 0 ? {} : { near }) };
}

function unionMistake(field: string, data: unknown, branches: readonly SchemaNode[]): ValueMistake {
  const tag = tagOf(branches);
  const isObject = typeof data === "object" && data !== null && !Array.isArray(data);
  if (tag === undefined || !isObject) {
    const literals = branches.flatMap(({ const: only }) => (typeof only === "string" ? [only] : []));
    const near = typeof data === "string" ? nearest(data, literals) : [];
    const expected = tag === undefined ? oneOf(branches.map(expectedOf)) : "a mapping";
    return { field, found: shown(data, lastOf(field)), expected, ...(near.length === 0 ? {} : { near }) };
  }
  const value: unknown = new Map(Object.entries(data)).get(tag);
  const known = branches.flatMap((branch) => {
    const only = branch.properties?.[tag]?.const;
    return typeof only === "string" ? [only] : [];
  });
  const near = typeof value === "string" ? nearest(value, known) : [];
  const expected = oneOf(known.map((name) => `\`${printable(name, 40)}\``));
  return { field: `${field}/${tag}`, found: shown(value, tag), expected, ...(near.length === 0 ? {} : { near }) };
}

/** The member that has another literal in each branch of a union of objects. */
function tagOf(branches: readonly SchemaNode[]): string | undefined {
  const [first] = branches;
  return Object.keys(first?.properties ?? {}).find((name) => {
    const literals = branches.map(({ properties = {} }) => properties[name]?.const);
    return literals.every((only) => only !== undefined) && new Set(literals).size === branches.length;
  });
}

/** Index of the branch that a value means; undefined when it means none. */
function meant(data: unknown, branches: readonly SchemaNode[]): number | undefined {
  const tag = tagOf(branches);
  const matches = (branch: SchemaNode): boolean => {
    if (tag === undefined) return branch.const === undefined && branch.type === typeOf(data);
    const members = new Map(Object.entries(typeof data === "object" && data !== null ? data : {}));
    return members.has(tag) && branch.properties?.[tag]?.const === members.get(tag);
  };
  const index = branches.findIndex(matches);
  return index < 0 ? undefined : index;
}

function typeOf(data: unknown): string {
  if (Array.isArray(data)) return "array";
  return Number.isInteger(data) ? "integer" : typeof data;
}

/** Leaves of each failed union either the errors of the branch that is meant, or the union's own. */
function selected(errors: readonly ErrorObject[]): ErrorObject[] {
  const unions = errors.filter(({ keyword }) => keyword === "anyOf");
  return errors.filter((error) =>
    unions.every((union) => {
      const branch = meant(union.data, nodeOf(union).anyOf ?? []);
      if (error === union) return branch === undefined;
      const within =
        error.schemaPath.startsWith(`${union.schemaPath}/`) &&
        (error.instancePath === union.instancePath || error.instancePath.startsWith(`${union.instancePath}/`));
      return !within || (branch !== undefined && error.schemaPath.startsWith(`${union.schemaPath}/${branch}/`));
    }),
  );
}

/** Drops "missing" where an unknown member of the same object is its misspelling. */
function withoutRenamed(errors: readonly ErrorObject[]): ErrorObject[] {
  const unknown = errors.filter(({ keyword }) => keyword === "additionalProperties");
  return errors.filter(
    (error) =>
      error.keyword !== "required" ||
      !unknown.some(
        (other) =>
          other.instancePath === error.instancePath &&
          nearest(paramOf(other, "additionalProperty"), [paramOf(error, "missingProperty")]).length > 0,
      ),
  );
}
