import * as words from "@seb/schema";
import { BUILTIN, moreParameters, SERVICES, template } from "./routes.mjs";

const { CODES } = words;
const PROBLEM = "application/problem+json";

/** Schemas that the package of words exports, by identity: they become components. */
const named = new Map(
  Object.entries(words).flatMap(([name, value]) =>
    typeof value === "object" && value !== null && (value.type === "object" || Array.isArray(value.anyOf))
      ? [[value, name]]
      : [],
  ),
);

/** A schema as plain JSON, with references to components; what they refer to is put into `components`. */
function plain(schema, components, isComponent = false) {
  if (typeof schema !== "object" || schema === null) return schema;
  if (Array.isArray(schema)) return schema.map((item) => plain(item, components));
  const name = isComponent ? undefined : named.get(schema);
  if (name === undefined)
    return Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, plain(value, components)]));
  if (!(name in components)) {
    components[name] = {};
    components[name] = plain(schema, components, true);
  }
  return { $ref: `#/components/schemas/${name}` };
}

const SECURITY = {
  none: [],
  proof: [{ proof: [] }],
  "proof-if-any": [{}, { proof: [] }],
  certificate: [{ certificate: [], proof: [] }],
  "certificate-if-any": [{}, { certificate: [] }, { certificate: [], proof: [] }],
  "signed-body": [],
};

/** Problems by status, naming the codes. */
function problems(route) {
  const codes = [...new Set([...route.codes, ...shellCodes(route)])];
  const byStatus = new Map();
  for (const code of codes) byStatus.set(CODES[code].status, [...(byStatus.get(CODES[code].status) ?? []), code]);
  return Object.fromEntries(
    [...byStatus].map(([status, names]) => [
      String(status),
      {
        description: `Codes: ${names.sort().join(", ")}.`,
        content: { [PROBLEM]: { schema: { $ref: "#/components/schemas/Problem" } } },
      },
    ]),
  );
}

/** What the HTTP shell can answer to this route before its handler is called. */
export function shellCodes({ body }) {
  const always = ["http_headers_too_large", "http_timeout", "header_invalid", "uri_invalid", "overloaded", "draining"];
  const withBody = [
    ...["body_missing", "body_too_large", "unsupported_media_type", "request_invalid"],
    ...Object.keys(CODES).filter((code) => code.startsWith("json_")),
  ];
  return [...always, "http_malformed", "internal", ...(body ? withBody : ["body_unexpected"])];
}

/** `GET /v1/actions/:name` becomes `getActionsName`. */
function operationId(method, path) {
  const parts = path.replace(/^\/v1/, "").match(/[A-Za-z]+/g) ?? [];
  return [method.toLowerCase(), ...parts.map((part) => part[0].toUpperCase() + part.slice(1))].join("");
}

function operation(route, components) {
  const { method, path, summary, body, success, auth = "none" } = route;
  const inPath = [...path.matchAll(/:([a-z_]+)/g)].map(([, name]) => ({
    name,
    in: "path",
    required: true,
    schema: { type: "string", maxLength: 128 },
  }));
  const parameters = [...inPath, ...moreParameters(route)];
  const type = path.endsWith("jwks.json") ? "application/jwk-set+json" : "application/json";
  const answer = success?.body ? { [type]: { schema: plain(success.body, components) } } : undefined;
  return {
    operationId: operationId(method, path),
    summary: summary.replace(/\.$/, ""),
    ...(SECURITY[auth].length === 0 ? {} : { security: SECURITY[auth] }),
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(body === undefined
      ? {}
      : { requestBody: { required: true, content: { "application/json": { schema: plain(body, components) } } } }),
    responses: {
      [String(success?.status ?? 200)]: { description: "Done.", ...(answer ? { content: answer } : {}) },
      ...problems(route),
    },
  };
}

const SCHEMES = {
  proof: {
    type: "apiKey",
    in: "header",
    name: "DPoP",
    description: "A proof of possession (RFC 9449) with the claim op over the body: see docs/wire.md.",
  },
  certificate: {
    type: "apiKey",
    in: "header",
    name: "Authorization",
    description: "The word DPoP, a space and a certificate.",
  },
};

/** The OpenAPI 3.1 document of one service, as text. */
export function openapi(service) {
  const { name, about, routes } = SERVICES.find((one) => one.name === service);
  const components = {};
  plain(words.Problem, components);
  const paths = {};
  for (const route of [...routes, ...BUILTIN]) {
    const path = template(route.path);
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: operation(route, components) };
  }
  const schemas = Object.fromEntries(Object.entries(components).sort(([a], [b]) => (a < b ? -1 : 1)));
  const document = {
    openapi: "3.1.0",
    info: { title: `SEB ${name}`, version: "1", description: about, license: { name: "Apache-2.0" } },
    paths,
    components: { schemas, securitySchemes: SCHEMES },
  };
  return `${JSON.stringify(document, null, 2)}\n`;
}
