// Requests for every verb and resource that the API server's discovery lists.
import { at, JSON_PATCH, type KubeCall, listAt } from "./cluster-calls.js";

export interface Wanted {
  readonly verb: string;
  /** Resource, or resource and subresource: `deployments/scale`. */
  readonly resource: string;
  readonly namespace: string;
  readonly name: string;
  readonly method: string;
  readonly path: string;
}

export const READS = ["get", "list", "watch"];
const METHOD: Readonly<Record<string, string>> = {
  get: "GET",
  list: "GET",
  watch: "GET",
  create: "POST",
  update: "PUT",
  patch: "PATCH",
  delete: "DELETE",
  deletecollection: "DELETE",
};

/** A resource or subresource, and the verbs that discovery lists for it. */
export interface Discovered {
  readonly resource: string;
  readonly namespaced: boolean;
  readonly verbs: readonly string[];
}

/** A group's resources and subresources. */
export async function discovered(call: KubeCall, token: string, base: string): Promise<readonly Discovered[]> {
  const { body } = await call(token, "GET", base);
  return listAt(body, "resources").map((one) => ({
    resource: String(at(one, "name")),
    namespaced: at(one, "namespaced") === true,
    verbs: listAt(one, "verbs").map(String),
  }));
}

/** One request for each verb of a resource, on one name of one namespace, where it has any. */
export function requestsFor(
  base: string,
  { resource, namespaced, verbs }: Discovered,
  { namespace, name }: { readonly namespace: string; readonly name: string },
): readonly Wanted[] {
  const [plural = "", sub] = resource.split("/");
  const collection = namespaced ? `${base}/namespaces/${namespace}/${plural}` : `${base}/${plural}`;
  const object = `${collection}/${name}${sub === undefined ? "" : `/${sub}`}`;
  const isWhole = (verb: string) => sub === undefined && ["create", "list", "watch", "deletecollection"].includes(verb);
  return verbs.map((verb) => {
    const path = isWhole(verb) ? collection : object;
    const method = METHOD[verb];
    if (method === undefined) throw new Error(`discovery lists a verb that is not known here: ${verb}`);
    return { verb, resource, namespace, name, method, path: verb === "watch" ? `${path}?watch=true` : path };
  });
}

/** Sends a request for its authorization's sake: what it carries would change nothing. */
export function tryVerb(call: KubeCall, token: string, { method, path }: Wanted) {
  if (method === "PATCH") return call(token, method, path, NOTHING, JSON_PATCH);
  return call(token, method, path, method === "GET" || method === "DELETE" ? undefined : {});
}

/** A patch that the server refuses to carry out, after it has decided whether it may be asked. */
export const NOTHING = [{ op: "test", path: "/metadata/uid", value: "none" }];
