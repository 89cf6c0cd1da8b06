import { CONTAINER, groupOf, MARKER } from "@seb/connector-kubernetes-language";
import { pointerOf, tokensOf } from "@seb/connector-language";
import { fail, ok, type Result } from "@seb/schema";
import { below, type Free, sameMap, text, texts, type Unchanged, unchanged } from "./cel.js";
import { executionPrefix, type Layout } from "./layout.js";
import type { Manifest } from "./manifest.js";
import type { CertifiedObject, DeclaredField } from "./objects.js";
import { type KindInfo, kindInfo, type OpenApi } from "./openapi.js";
import { forbid, policy, type Validation } from "./policy.js";

const UPDATE = `request.operation != "UPDATE" || `;
const SERVER_SET = ["apiVersion", "kind", "metadata"];
const MAY = "variables.may";

/** Objects of one kind. */
export interface KindGroup {
  readonly apiVersion: string;
  readonly resource: string;
  readonly info: KindInfo;
  readonly objects: readonly CertifiedObject[];
}

/** Objects by kind, each looked up in the server's OpenAPI. */
export function kindGroups(
  objects: readonly CertifiedObject[],
  openApi: OpenApi,
): Result<readonly KindGroup[], "catalogue_invalid"> {
  const groups = new Map<string, KindGroup>();
  for (const object of objects) {
    const { apiVersion, resource } = object.ref;
    const info = kindInfo(openApi, apiVersion, resource);
    if (!info.ok) return info;
    const key = `${apiVersion} ${resource}`;
    const known = groups.get(key)?.objects ?? [];
    groups.set(key, { apiVersion, resource, info: info.value, objects: [...known, object] });
  }
  return ok([...groups.values()]);
}

/** Suffix of policy names: `deployments.apps`. */
export function kindName({ apiVersion, resource }: Pick<KindGroup, "apiVersion" | "resource">): string {
  const group = groupOf(apiVersion);
  return group === "" ? resource : `${resource}.${group}`;
}

/**
 * What an execution may write of one kind: the fields that the catalogue declares for that very object, and the marker, which must name its
 * certificate and change. Everything else that the server's OpenAPI knows of the kind has to stay as it was.
 */
export function executionWrites(layout: Layout, group: KindGroup): Result<readonly Manifest[], "catalogue_invalid"> {
  const { info, apiVersion, resource, objects } = group;
  const declared = objects.flatMap(({ fields }) => fields);
  const checks = specChecks(info, declared);
  if (checks === undefined)
    return fail("catalogue_invalid", "A declared field is none that the server knows.", { facts: { resource } });
  const user = text(`${executionPrefix(layout)}seb-c-`);
  const named = `"c_" + request.userInfo.username.substring(size(${user}))`;
  const [now, was] = [markerOf("object"), markerOf("oldObject")];
  const all = [...metadataChecks(declared), ...checks];
  return ok(
    policy(`seb-execution-writes-${kindName(group)}`, {
      rules: [{ apiGroups: [groupOf(apiVersion)], resources: [resource], operations: ["CREATE", "UPDATE", "DELETE"] }],
      conditions: { "an-execution": `request.userInfo.username.startsWith(${text(executionPrefix(layout))})` },
      variables: {
        key: `request.namespace + "/" + (oldObject != null ? oldObject.metadata.name : object.metadata.name)`,
        declared: mapOf(objects.map((object) => [keyOf(object), permissionsOf(object)])),
        may: `variables.declared[?variables.key].orValue([])`,
        starts: mapOf(objects.flatMap(startsOf)),
      },
      validations: [
        forbid(
          `request.operation == "UPDATE" || (request.operation == "DELETE" && "delete" in ${MAY})`,
          "not an operation that certificates cover",
        ),
        forbid(
          `request.operation != "DELETE" || (request.options.?preconditions.?uid == oldObject.metadata.?uid && request.options.?propagationPolicy.orValue("") == "Background")`,
          "a certified deletion names the object's uid and runs in the background",
        ),
        ...all.map(({ what, expression }) =>
          forbid(`${UPDATE}(${expression})`, `${what}: changed outside of the declared fields`),
        ),
        ...startChecks(declared),
        forbid(
          `${UPDATE}(request.userInfo.username.startsWith(${user}) && ${now} == ${named})`,
          "the marker names the certificate of this execution",
        ),
        forbid(`${UPDATE}${now} != ${was}`, "this certificate has been executed on this object already"),
      ],
    }),
  );
}

const markerOf = (of: string) => `${of}.metadata.?annotations[?${text(MARKER)}].orValue("")`;
const keyOf = ({ ref }: CertifiedObject) => `${ref.namespace}/${ref.name}`;
const mapOf = (entries: readonly (readonly [string, readonly string[]])[]) =>
  `{${entries.map(([key, values]) => `${text(key)}: ${texts(values)}`).join(", ")}}`;

/** A field's pointer, with the container's name in place of `@`. */
const nameOf = ({ pointer, container }: DeclaredField) =>
  pointerOf(tokensOf(pointer).map((token) => (token === CONTAINER ? (container ?? "") : token)));

const permissionsOf = ({ fields, deletable }: CertifiedObject) => [
  ...fields.map(nameOf),
  ...(deletable ? ["delete"] : []),
];

function startsOf(object: CertifiedObject): (readonly [string, readonly string[]])[] {
  return object.fields.flatMap((field) =>
    field.starts.includes("") ? [] : [[`${keyOf(object)}${nameOf(field)}`, field.starts] as const],
  );
}

/** Expression for a field's name where the list item at hand, `c`, stands for the container. */
function nameExpression(pointer: string): string {
  const tokens = tokensOf(pointer);
  const at = tokens.indexOf(CONTAINER);
  if (at < 0) return text(pointer);
  return `(${text(`${pointerOf(tokens.slice(0, at))}/`)} + c.name + ${text(pointerOf(tokens.slice(at + 1)))})`;
}

/** One free field for each pointer, whichever containers it is declared for. */
function freeFields(declared: readonly DeclaredField[]): readonly Free[] {
  return [...new Set(declared.map(({ pointer }) => pointer))].map((pointer) => ({
    tokens: tokensOf(pointer),
    permitted: `${nameExpression(pointer)} in ${MAY}`,
  }));
}

function specChecks({ shape }: KindInfo, declared: readonly DeclaredField[]): readonly Unchanged[] | undefined {
  if (shape.kind !== "object") return undefined;
  const properties = new Map([...shape.properties].filter(([key]) => !SERVER_SET.includes(key)));
  const free = freeFields(declared).filter(({ tokens }) => tokens[0] !== "metadata");
  return unchanged({ kind: "object", properties }, "object", "oldObject", free, "object");
}

function metadataChecks(declared: readonly DeclaredField[]): readonly Unchanged[] {
  const free = freeFields(declared).filter(({ tokens }) => tokens[0] === "metadata");
  const within = (map: string) =>
    free
      .filter(({ tokens }) => tokens[1] === map)
      .map(({ tokens, permitted }) => ({ tokens: tokens.slice(2), permitted }));
  const marker = { tokens: [MARKER], permitted: "true" };
  const [now, was] = ["object.metadata", "oldObject.metadata"];
  return [
    { what: "metadata.labels", expression: sameMap(`${now}.?labels`, `${was}.?labels`, within("labels")) },
    {
      what: "metadata.annotations",
      expression: sameMap(`${now}.?annotations`, `${was}.?annotations`, [...within("annotations"), marker]),
    },
    {
      what: "metadata",
      expression: `${now}.?finalizers == ${was}.?finalizers && ${now}.?ownerReferences == ${was}.?ownerReferences`,
    },
  ];
}

/** A value that the catalogue begins, e.g. with an image repository, begins that way. */
function startChecks(declared: readonly DeclaredField[]): readonly Validation[] {
  const pointers = new Set(declared.filter(({ starts }) => !starts.includes("")).map(({ pointer }) => pointer));
  return [...pointers].map((pointer) => {
    const tokens = tokensOf(pointer);
    const at = tokens.indexOf(CONTAINER);
    const key = `(variables.key + ${nameExpression(pointer)})`;
    const begins = (value: string) => `variables.starts[${key}].exists(s, ${value}.orValue("").startsWith(s))`;
    if (at < 0) {
      const [now, was] = [below("object", tokens), below("oldObject", tokens)];
      return forbid(
        `${UPDATE}(!(${key} in variables.starts) || ${now} == ${was} || ${begins(now)})`,
        "a value does not begin as declared",
      );
    }
    const [list, rest] = [tokens.slice(0, at), tokens.slice(at + 1)];
    const isKept = `${below("oldObject", list)}.orValue([]).exists(d, d.name == c.name && ${below("d", rest)} == ${below("c", rest)})`;
    return forbid(
      `${UPDATE}${below("object", list)}.orValue([]).all(c, !(${key} in variables.starts) || ${isKept} || ${begins(below("c", rest))})`,
      "a value does not begin as declared",
    );
  });
}
