import * as words from "@seb/schema";
import { commentsOf } from "./comments.mjs";
import { code, table } from "./markdown.mjs";

/** Words that a member's type may be called by; they are explained once. */
export const WORDS = {
  Name: "lower-case letters, digits and inner hyphens, 1 to 63 (a DNS label)",
  Key: "a small letter, then small letters, digits and `_`: 1 to 40 characters",
  Digest: "`sha256:` and 64 lower-case hexadecimal digits",
  Thumbprint: "RFC 7638 thumbprint of a key, 43 characters of base64url",
  CertId: "`c_` and 26 characters of `a-z 2-7`: 130 random bits",
  RequestId: "the same with `r_` (answered by the signer), `p_` (waits for people) or `u_` (never reached it)",
  OrderId: "the same with `o_`",
  Counter: "integer from 0 to 2^53 - 1; in names that end in `_ms`, milliseconds since 1970-01-01T00:00:00Z",
  Subject: "`agent:` and a Name",
  Resource: "`service:<service>/region:<region>`, each of 1 to 63 characters of `a-z 0-9 -`",
  Audience: "a small letter, then small letters, digits and `: . -`: 1 to 100 characters, e.g. `broker:dev`",
  Issuer: "as Audience, with `/` too, e.g. `signer:dev`",
  Seconds: "whole seconds since 1970-01-01T00:00:00Z, from 0 to 2^40",
  Line: "at most 500 characters, none of U+0000 to U+001F and U+007F",
  Tier: "0 harmless, 1 low, 2 high, 3 critical",
  Mode: "`enforce` or `shadow`",
  PublicJwk: "public JWK, Ed25519 or P-256, without other members",
};

const schemas = new Map(Object.entries(words));
const nameBySchema = new Map(Object.keys(WORDS).map((name) => [JSON.stringify(schemas.get(name)), name]));
const bounds = (from, to) => (from === undefined && to === undefined ? "" : ` ${from ?? ""} to ${to ?? ""}`);

/** Shapes with a section of their own, by identity. */
const SECTIONS = new Map(
  ["Contract", "LiveState", "Epochs", "RevocationTarget", "EpochTarget", "OrderBody", "TrustKey", "Values"].map(
    (name) => [schemas.get(name), name],
  ),
);

/** A schema's type in a few words. */
export function typeOf(schema) {
  const word = SECTIONS.get(schema) ?? nameBySchema.get(JSON.stringify(schema));
  if (word) return word;
  if ("const" in schema) return code(JSON.stringify(schema.const));
  if (schema.anyOf) {
    const kinds = schema.anyOf.map((one) => (one.type === "object" ? shapeOf(one) : typeOf(one)));
    return [...new Set(kinds)].join(" or ");
  }
  if (schema.type === "array") return `list of ${typeOf(schema.items)}${countOf(schema.minItems, schema.maxItems)}`;
  if (schema.type === "object")
    return schema.patternProperties ? `map by ${keyOf(schema)}${countOf(undefined, schema.maxProperties)}` : "object";
  if (schema.type === "integer") return `integer${bounds(schema.minimum, schema.maximum)}`;
  if (schema.type === "string") {
    const least = schema.minLength > 0 ? `${schema.minLength} to ` : "at most ";
    const size = schema.maxLength === undefined ? "" : `, ${least}${schema.maxLength} characters`;
    return `text${size}${schema.pattern ? `, ${code(schema.pattern)}` : ""}`;
  }
  return schema.type ?? "any JSON";
}

/** What the keys of a map must be: a word that has this pattern, else the pattern itself. */
function keyOf({ patternProperties }) {
  const [pattern] = Object.keys(patternProperties);
  const word = Object.keys(WORDS).find((name) => schemas.get(name).pattern === pattern);
  return word ?? code(pattern);
}

function countOf(least = 0, most = undefined) {
  if (most === undefined) return least === 0 ? "" : `, ${least} or more`;
  if (least === most) return `, exactly ${most}`;
  return least === 0 ? `, up to ${most}` : `, ${least} to ${most}`;
}

/** `{type: "string", pattern, ...}`: one of several objects. */
function shapeOf({ properties = {}, required = [] }) {
  const inside = Object.entries(properties).map(([key, value]) => {
    const name = required.includes(key) ? key : `${key}?`;
    return "const" in value ? `${name}: ${JSON.stringify(value.const)}` : name;
  });
  return code(`{${inside.join(", ")}}`);
}

/** Rows of every member of a closed object, nested ones by path: `{path, type, required}`. */
export function membersOf(schema, at = "") {
  const here = (key) => (at === "" ? key : `${at}.${key}`);
  if (at !== "" && SECTIONS.has(schema)) return [];
  if (schema.type === "array") return membersOf(schema.items, `${at}[]`);
  if (nameBySchema.has(JSON.stringify(schema))) return [];
  if (schema.patternProperties) {
    const [value] = Object.values(schema.patternProperties);
    return value.type === "object" ? [row(value, `${at}.*`, true), ...membersOf(value, `${at}.*`)] : leafOf(value, at);
  }
  return Object.entries(schema.properties ?? {}).flatMap(([key, value]) => [
    row(value, here(key), (schema.required ?? []).includes(key)),
    ...membersOf(value, here(key)),
  ]);
}

const row = (schema, path, required) => ({ path, type: typeOf(schema), required });
const leafOf = (value, at) => [row(value, `${at}.*`, true)];

/** A table of a schema's members with the doc comments of its source; `more` adds a column. */
export function membersTable(name, source, { schema = schemas.get(name), more } = {}) {
  const comments = commentsOf(source, name);
  const heads = ["member", "type", ...(more ? [more.head] : []), "what"];
  const rows = membersOf(schema).map(({ path, type, required }) => [
    code(path),
    required ? type : `${type} (optional)`,
    ...(more ? [more.of(path)] : []),
    comments.get(path) ?? "",
  ]);
  return table(heads, rows);
}
