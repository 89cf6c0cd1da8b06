import {
  isObject,
  mistakeAt,
  type ParameterDefinitions,
  pointerOf,
  type Read,
  type ReadKind,
  readOr,
  readValue,
  type ScalarValue,
  throughOthers,
  unknownMembers,
  usesParameter,
} from "@seb/connector-language";
import { failMistakes, type Mistake, ok, type Result } from "@seb/schema";
import { wrongWrite } from "./fields.js";
import { isClosed, isTextOnly, readOnly, wrongKind } from "./kinds.js";
import { groupOf, isApiVersion, isNamespace, isObjectName, isPlural } from "./names.js";

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

/** How an operation is read. */
interface Reading {
  readonly kind: ReadKind;
  readonly parameters: ParameterDefinitions;
}

const AT = "/operation";
const MAX_POINTERS = 24;
const OBJECT_KEYS = ["verb", "api_version", "resource", "namespace", "name", "container"];

/**
 * Reads an operation template or, with `filled`, an instantiated operation, in which no parameter may be open any more. Service variables
 * are filled in either.
 *
 * @returns `catalogue_invalid` with every mistake; each `field` leads into the action's definition.
 */
export function readOperation(
  value: Readonly<Record<string, unknown>>,
  kind: ReadKind,
): Result<KubernetesOperation, "catalogue_invalid"> {
  const read = readKubernetes(value, { kind, parameters: {} });
  return read.ok ? ok(read.value) : failMistakes("catalogue_invalid", read.mistakes);
}

/** Reads an operation, or lists all of its mistakes. */
export function readKubernetes(value: Readonly<Record<string, unknown>>, reading: Reading): Read<KubernetesOperation> {
  const mistakes: Mistake[] = [];
  const object = readObject(value, mistakes);
  const container = isNamespace(value.container) ? value.container : undefined;
  if (value.container !== undefined && container === undefined)
    mistakes.push(mistakeAt(`${AT}/container`, value.container, fixed(value.container, "the name of a container")));
  if (value.verb === "delete") {
    mistakes.push(...unknownMembers(value, [...OBJECT_KEYS, "match_version"], AT));
    const { match_version = false } = value;
    if (typeof match_version !== "boolean")
      mistakes.push(mistakeAt(`${AT}/match_version`, match_version, "true or false"));
    return readOr(mistakes, () => ({ verb: "delete", object, container, matchVersion: match_version === true }));
  }
  if (value.verb !== "patch")
    mistakes.push(mistakeAt(`${AT}/verb`, value.verb, "patch or delete", ["patch", "delete"]));
  mistakes.push(...unknownMembers(value, [...OBJECT_KEYS, "set"], AT));
  // A container that is named wrongly is one mistake, not one more for each pointer.
  const named = value.container === undefined ? undefined : (container ?? "?");
  const set = readSet(value.set, { resource: object.resource, container: named }, reading, mistakes);
  return readOr(mistakes, () => ({ verb: "patch", object, container, set }));
}

function readObject(value: Readonly<Record<string, unknown>>, mistakes: Mistake[]): ObjectRef {
  const { api_version: apiVersion, resource, namespace, name } = value;
  const wrong = (key: string, expected: string) =>
    mistakes.push(mistakeAt(`${AT}/${key}`, value[key], fixed(value[key], expected)));
  if (!isApiVersion(apiVersion)) wrong("api_version", "a group and version, e.g. apps/v1");
  if (!isPlural(resource)) wrong("resource", "the plural of a kind, e.g. deployments, without subresource");
  if (!isNamespace(namespace)) wrong("namespace", "the name of a namespace: a DNS label");
  if (!isObjectName(name)) wrong("name", "the name of an object: lower-case letters, digits, - and .");
  if (isApiVersion(apiVersion) && isPlural(resource)) {
    if (isClosed(apiVersion, resource))
      wrong("resource", "a kind that certificates may change: not rights, secrets or rules");
    const odd = wrongKind(apiVersion, resource);
    if (odd !== undefined)
      mistakes.push({
        ...mistakeAt(`${AT}/resource`, resource, odd.expected),
        ...(odd.near?.length ? { near: odd.near } : {}),
      });
  }
  const text = (one: unknown) => (typeof one === "string" ? one : "");
  return { apiVersion: text(apiVersion), resource: text(resource), namespace: text(namespace), name: text(name) };
}

function readSet(
  value: unknown,
  { resource, container }: { readonly resource: string; readonly container: string | undefined },
  reading: Reading,
  mistakes: Mistake[],
): PatchOperation["set"] {
  const set = new Map<string, ScalarValue | undefined>();
  const entries = isObject(value) ? Object.entries(value) : [];
  if (entries.length === 0 || entries.length > MAX_POINTERS)
    mistakes.push(mistakeAt(`${AT}/set`, value, `an object of 1 to ${MAX_POINTERS} pointers`));
  for (const [pointer, wanted] of entries.slice(0, MAX_POINTERS)) {
    const field = `${AT}/set${pointerOf([pointer])}`;
    const wrong = wrongWrite(pointer, container) ?? readOnly(resource, pointer);
    if (wrong !== undefined) mistakes.push(mistakeAt(field, pointer, wrong));
    const read = readValue(wanted, reading.kind, reading.parameters);
    if (typeof read === "string") mistakes.push(mistakeAt(field, wanted, read));
    else if (wrong === undefined && isTextOnly(resource, pointer) && read.type !== undefined && read.type !== "text")
      mistakes.push(mistakeAt(field, wanted, `text: the API takes no ${read.type} there`));
    else if (wrong === undefined) set.set(pointer, read.value);
  }
  for (const [pointer, other] of throughOthers([...set.keys()]))
    mistakes.push(
      mistakeAt(`${AT}/set${pointerOf([pointer])}`, pointer, `a pointer that does not lead through ${other}`),
    );
  return set;
}

/** Which object is concerned must be known before a parameter is chosen. */
function fixed(value: unknown, expected: string): string {
  return usesParameter(value) ? `${expected}, which takes nothing from a parameter` : expected;
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
