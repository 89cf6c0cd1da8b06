import type { TSchema } from "typebox";

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** An object that lists its members, unlike a map, which admits any key that fits a pattern. */
const listsMembers = (schema: Readonly<Record<string, unknown>>) => isObject(schema.properties);

function open(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(open);
  if (!isObject(value)) return value;
  const members = Object.entries(value).map(([name, part]) => [name, open(part)] as const);
  const kept = members.filter(([name]) => !(name === "additionalProperties" && listsMembers(value)));
  return Object.fromEntries(kept);
}

/** The same schema, at every depth without the refusal of members that it does not list. Maps stay bounded in keys and number. */
export function opened<S extends TSchema>(schema: S): S {
  return open(schema) as S;
}
