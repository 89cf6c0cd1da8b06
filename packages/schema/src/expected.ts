import type { TSchema } from "typebox";
import { Audience, Digest, Key, Line, Name, Resource, Subject, Thumbprint } from "./words.js";

const patternOf = (schema: TSchema): string =>
  "pattern" in schema && typeof schema.pattern === "string" ? schema.pattern : "";

/** What each pattern of the words asks for, said to a person. */
const BY_PATTERN: ReadonlyMap<string, string> = new Map([
  [patternOf(Name), "a name of lower-case letters, digits and `-`, at most 63"],
  [patternOf(Key), "a name of lower-case letters, digits and `_` that begins with a letter, at most 40"],
  [patternOf(Subject), "`agent:` and a name of lower-case letters, digits and `-`"],
  [patternOf(Resource), "`service:<service>/region:<region>`"],
  [patternOf(Audience), "an audience such as `broker:prod`"],
  [patternOf(Digest), "`sha256:` and 64 lower-case hexadecimal digits"],
  [patternOf(Thumbprint), "a key's RFC 7638 thumbprint: 43 characters of base64url"],
  [patternOf(Line), "one line of text"],
  ["^([01][0-9]|2[0-3]):[0-5][0-9]$", "a time of day from `00:00` to `23:59`"],
  ["^(\\*|[a-z0-9-]{1,63})$", "the name of a service, or `*`"],
  ["^agent:([a-z0-9-]{1,63}|\\*)$", "`agent:<name>` or `agent:*`"],
  [
    "^service:([a-z0-9-]{1,63}|\\*)/region:([a-z0-9-]{1,63}|\\*)$",
    "`service:<service>/region:<region>`, where each may be `*`",
  ],
  ["^[!-~]*$", "printable ASCII without blanks"],
  ["^[!-~]+$", "printable ASCII without blanks, at least 1 character"],
  ["^[a-z0-9./:_-]+$", "lower-case letters, digits and `. / : _ -`"],
]);

/** The part of JSON Schema (2020-12) that the shapes of this package use. */
export interface SchemaNode {
  readonly type?: string;
  readonly const?: unknown;
  readonly pattern?: string;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly maxProperties?: number;
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly patternProperties?: Readonly<Record<string, SchemaNode>>;
  readonly required?: readonly string[];
  readonly anyOf?: readonly SchemaNode[];
}

/** Says what a schema asks for, e.g. `an integer from 1 to 120`. */
export function expectedOf(schema: SchemaNode): string {
  if (schema.const !== undefined) return literal(schema.const);
  if (schema.anyOf !== undefined) return oneOf(schema.anyOf.map(expectedOf));
  switch (schema.type) {
    case "string":
      return textOf(schema);
    case "integer":
      return rangeOf("an integer", schema.minimum, schema.maximum);
    case "number":
      return rangeOf("a number", schema.minimum, schema.maximum);
    case "boolean":
      return "true or false";
    case "array":
      return `a list${countOf(schema.minItems, schema.maxItems)}`;
    case "object":
      return `a mapping${countOf(undefined, schema.maxProperties)}`;
    case "null":
      return "null";
    default:
      return "another value";
  }
}

/** Says what the keys of a map must be; undefined for an object with fixed members. */
export function expectedKey({ patternProperties = {} }: SchemaNode): string | undefined {
  const [pattern] = Object.keys(patternProperties);
  return pattern === undefined ? undefined : (BY_PATTERN.get(pattern) ?? `a name that fits ${pattern}`);
}

/** `a, b or c`; long lists are cut. */
export function oneOf(names: readonly string[]): string {
  const [first = "nothing", ...rest] = names.slice(0, 16);
  const more = names.length - 1 - rest.length;
  if (more > 0) return `${[first, ...rest].join(", ")} or one of ${more} more`;
  const last = rest.pop();
  return last === undefined ? first : `${[first, ...rest].join(", ")} or ${last}`;
}

const literal = (value: unknown): string => (typeof value === "string" ? `\`${value}\`` : String(value));

function textOf({ pattern, minLength, maxLength }: SchemaNode): string {
  const words = pattern === undefined ? "text" : (BY_PATTERN.get(pattern) ?? `text that fits ${pattern}`);
  const known = pattern !== undefined && /\d/.test(words);
  if (known || (minLength === undefined && maxLength === undefined)) return words;
  const least = minLength === undefined || minLength === 0 ? "at most" : `${minLength} to`;
  return `${words}, ${least} ${maxLength ?? "any number of"} characters`;
}

function rangeOf(words: string, minimum?: number, maximum?: number): string {
  if (minimum === undefined && maximum === undefined) return words;
  if (maximum === undefined) return `${words}, at least ${minimum}`;
  return minimum === undefined ? `${words}, at most ${maximum}` : `${words} from ${minimum} to ${maximum}`;
}

function countOf(least = 0, most?: number): string {
  if (most === undefined) return least === 0 ? "" : ` of at least ${least}`;
  return least === 0 ? ` of at most ${most}` : least === most ? ` of exactly ${least}` : ` of ${least} to ${most}`;
}
