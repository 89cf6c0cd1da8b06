import { fail, ok, type Result } from "@seb/schema";
import { groupOf, hasOnly, isApiVersion, isNamespace, isObject, isObjectName, isPlural, MARKER } from "./names.js";
import { CONTAINER, isPointer, tokensOf } from "./pointer.js";

/** What may be written at a pointer. */
export type ScalarValue = string | number | boolean;

/** One object of a cluster. */
export interface ObjectRef {
  /** `v1`, `apps/v1`. */
  readonly apiVersion: string;
  /** Plural of the kind, as in paths: `deployments`. */
  readonly resource: string;
  readonly namespace: string;
  readonly name: string;
}

/** Changes fields of one object. */
export interface PatchOperation {
  readonly verb: "patch";
  readonly object: ObjectRef;
  /** Container that `@` in a pointer stands for. */
  readonly container: string | undefined;
  /** Value by pointer. A parameter that is still open, or not known yet, has no value. */
  readonly set: ReadonlyMap<string, ScalarValue | undefined>;
}

/** Deletes one object, and what it owns, in the background. */
export interface DeleteOperation {
  readonly verb: "delete";
  readonly object: ObjectRef;
  readonly container: string | undefined;
  /** The certified version is the only one that may be deleted, whatever changed. */
  readonly matchVersion: boolean;
}

export type KubernetesOperation = PatchOperation | DeleteOperation;

interface Wrong {
  readonly pointer: string;
  readonly detail: string;
}

const MAX_POINTERS = 24;
const PARAMETER = /^[a-z][a-z0-9_]{0,39}$/;
const TEXT = /^[^\p{Cc}\p{Surrogate}]{0,1000}$/u;
const OBJECT_KEYS = ["verb", "api_version", "resource", "namespace", "name", "container"];
/** Whoever writes these writes rights, secrets or rules: never through a certificate. */
const CLOSED_GROUPS = ["rbac.authorization.k8s.io", "admissionregistration.k8s.io", "apiextensions.k8s.io"];
const CLOSED_RESOURCES = ["secrets", "serviceaccounts", "namespaces", "nodes"];

/**
 * Reads an operation template or, with `filled`, an instantiated operation, in which no parameter may be open any more. Service variables
 * are filled in either. The failure's pointer leads into the operation.
 */
export function readOperation(
  value: Readonly<Record<string, unknown>>,
  kind: "template" | "filled",
): Result<KubernetesOperation, "catalogue_invalid"> {
  const refuse = ({ pointer, detail }: Wrong) =>
    fail("catalogue_invalid", detail, { pointer: `/operation${pointer}` } as const);
  const object = readObject(value);
  if ("detail" in object) return refuse(object);
  const { container } = value;
  if (container !== undefined && !isNamespace(container))
    return refuse({ pointer: "/container", detail: "Not the name of a container." });
  if (value.verb === "delete") {
    if (!hasOnly(value, [...OBJECT_KEYS, "match_version"]))
      return refuse({ pointer: "", detail: "A key is not one of a deletion." });
    const { match_version = false } = value;
    if (typeof match_version !== "boolean")
      return refuse({ pointer: "/match_version", detail: "Neither true nor false." });
    return ok({ verb: "delete", object, container, matchVersion: match_version });
  }
  if (value.verb !== "patch") return refuse({ pointer: "/verb", detail: "Neither patch nor delete." });
  if (!hasOnly(value, [...OBJECT_KEYS, "set"])) return refuse({ pointer: "", detail: "A key is not one of a patch." });
  const set = readSet(value.set, container, kind);
  return set instanceof Map ? ok({ verb: "patch", object, container, set }) : refuse(set);
}

function readObject(value: Readonly<Record<string, unknown>>): ObjectRef | Wrong {
  const { api_version: apiVersion, resource, namespace, name } = value;
  if (!isApiVersion(apiVersion)) return { pointer: "/api_version", detail: "Not a group and version." };
  if (!isPlural(resource)) return { pointer: "/resource", detail: "Not the plural of a kind." };
  if (!isNamespace(namespace)) return { pointer: "/namespace", detail: "Not the name of a namespace." };
  if (!isObjectName(name)) return { pointer: "/name", detail: "Not the name of an object." };
  if (
    CLOSED_GROUPS.includes(groupOf(apiVersion)) ||
    (groupOf(apiVersion) === "" && CLOSED_RESOURCES.includes(resource))
  )
    return { pointer: "/resource", detail: "Objects of this kind are not changed through certificates." };
  return { apiVersion, resource, namespace, name };
}

function readSet(
  value: unknown,
  container: string | undefined,
  kind: string,
): Map<string, ScalarValue | undefined> | Wrong {
  const count = isObject(value) ? Object.keys(value).length : 0;
  if (!isObject(value) || count === 0 || count > MAX_POINTERS)
    return { pointer: "/set", detail: `Not an object of 1 to ${MAX_POINTERS} pointers.` };
  const set = new Map<string, ScalarValue | undefined>();
  for (const [pointer, wanted] of Object.entries(value)) {
    const detail = wrongPointer(pointer, container) ?? wrongValue(wanted, kind);
    if (detail !== undefined) return { pointer: "/set", detail };
    set.set(pointer, isScalarValue(wanted) ? wanted : undefined);
  }
  const pointers = [...set.keys()];
  return pointers.some((one) => pointers.some((other) => other.startsWith(`${one}/`)))
    ? { pointer: "/set", detail: "One pointer leads through another." }
    : set;
}

/** Why a certificate may not write there: only fields of `spec` and `data`, labels and annotations, and never our own marker. */
function wrongPointer(pointer: string, container: string | undefined): string | undefined {
  if (!isPointer(pointer)) return "A key is not an RFC 6901 pointer of printable ASCII.";
  const [first, second, third, ...rest] = tokensOf(pointer);
  if (tokensOf(pointer).includes(CONTAINER) && container === undefined)
    return "A pointer needs a container that is not named.";
  if (first === "spec" || first === "data")
    return second === undefined ? "A pointer leads to all of spec or data." : undefined;
  if (
    first !== "metadata" ||
    (second !== "labels" && second !== "annotations") ||
    third === undefined ||
    rest.length > 0
  )
    return "A pointer leads outside of spec, data, labels and annotations.";
  return third === MARKER || third.startsWith("seb.dev/") ? "Names under seb.dev belong to the broker." : undefined;
}

function wrongValue(value: unknown, kind: string): string | undefined {
  const open =
    isObject(value) && hasOnly(value, ["$open"]) && typeof value.$open === "string" && PARAMETER.test(value.$open);
  if (open && kind === "filled") return "A parameter is still open.";
  return open || isScalarValue(value) ? undefined : "A value is no text, integer or boolean.";
}

function isScalarValue(value: unknown): value is ScalarValue {
  if (typeof value === "string") return TEXT.test(value);
  return typeof value === "boolean" || (typeof value === "number" && Number.isSafeInteger(value));
}

/** Path of an object in the API. */
export function pathOf({ apiVersion, resource, namespace, name }: ObjectRef): string {
  return `${apiRoot(apiVersion)}/namespaces/${namespace}/${resource}/${name}`;
}

/** `/api/v1` or `/apis/<group>/<version>`. */
export const apiRoot = (apiVersion: string): string => `${groupOf(apiVersion) === "" ? "/api" : "/apis"}/${apiVersion}`;

/** The Role that the platform provisions for one verb on one object, unless the target names another. */
export function roleNameOf({ verb, object }: Pick<KubernetesOperation, "verb" | "object">): string {
  const group = groupOf(object.apiVersion);
  return `seb-x-${verb}-${object.resource}${group === "" ? "" : `.${group}`}-${object.name}`;
}
