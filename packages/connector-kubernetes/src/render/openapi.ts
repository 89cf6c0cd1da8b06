import type { Json } from "@seb/canonical";
import { apiRoot, groupOf } from "@seb/connector-kubernetes-language";
import { fail, ok, type Result } from "@seb/schema";
import type { KubeClient } from "../client.js";
import { isMap, items, members, textAt, valueAt } from "../json.js";
import { failureOf } from "../observe.js";

/** Shape of a value, as far as policies look into it. Inner shapes are made on demand, since types refer to themselves. */
export type Shape =
  | { readonly kind: "object"; readonly properties: ReadonlyMap<string, () => Shape> }
  | { readonly kind: "list"; readonly items: () => Shape }
  | { readonly kind: "map" }
  | { readonly kind: "scalar" };

/** What the server's OpenAPI says of one kind of object. */
export interface KindInfo {
  readonly kind: string;
  readonly shape: Shape;
}

/** Documents of OpenAPI 3 by apiVersion, as `/openapi/v3/...` answers them. */
export type OpenApi = ReadonlyMap<string, Json>;

/** Fetches the documents of some API versions from a server. */
export async function readOpenApi(
  client: KubeClient,
  apiVersions: readonly string[],
  signal: AbortSignal,
): Promise<Result<OpenApi, "target_unavailable" | "target_refused">> {
  const documents = new Map<string, Json>();
  for (const apiVersion of new Set(apiVersions)) {
    const reply = await client.call({ method: "GET", path: `/openapi/v3${apiRoot(apiVersion)}`, signal });
    const failed = failureOf(reply, "request for its OpenAPI");
    if (failed !== undefined) return failed;
    documents.set(apiVersion, reply.answered ? reply.body : null);
  }
  return ok(documents);
}

/** Looks a kind up by its plural; `catalogue_invalid` when the server does not serve it in namespaces. */
export function kindInfo(
  openApi: OpenApi,
  apiVersion: string,
  resource: string,
): Result<KindInfo, "catalogue_invalid"> {
  const document = openApi.get(apiVersion);
  const path = `${apiRoot(apiVersion)}/namespaces/{namespace}/${resource}/{name}`;
  const gvk = valueAt(document, "paths", path, "get", "x-kubernetes-group-version-kind");
  const kind = textAt(gvk, "kind");
  const schemas = members(valueAt(document, "components", "schemas"));
  const schema = Object.values(schemas).find((candidate) => isOfKind(candidate, apiVersion, kind));
  if (kind === undefined || schema === undefined)
    return fail("catalogue_invalid", "The server serves no such objects in namespaces.", {
      facts: { api_version: apiVersion, resource },
    });
  return ok({ kind, shape: shapeOf(schema, schemas) });
}

function isOfKind(schema: Json, apiVersion: string, kind: string | undefined): boolean {
  const version = apiVersion.slice(apiVersion.indexOf("/") + 1);
  return items(valueAt(schema, "x-kubernetes-group-version-kind")).some(
    (gvk) =>
      textAt(gvk, "group") === groupOf(apiVersion) &&
      textAt(gvk, "version") === version &&
      textAt(gvk, "kind") === kind,
  );
}

function shapeOf(schema: Json | undefined, schemas: Readonly<Record<string, Json>>): Shape {
  if (!isMap(schema)) return { kind: "scalar" };
  const reference = textAt(schema, "$ref") ?? textAt(items(schema.allOf)[0], "$ref");
  if (reference !== undefined) return shapeOf(schemas[reference.slice(reference.lastIndexOf("/") + 1)], schemas);
  if (isMap(schema.properties)) {
    const properties = Object.entries(schema.properties).map(
      ([name, inner]) => [name, () => shapeOf(inner, schemas)] as const,
    );
    return { kind: "object", properties: new Map(properties) };
  }
  if (schema.items !== undefined) return { kind: "list", items: () => shapeOf(schema.items, schemas) };
  return { kind: schema.additionalProperties === undefined ? "scalar" : "map" };
}
