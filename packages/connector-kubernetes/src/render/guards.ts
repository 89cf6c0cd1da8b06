import { CONTAINER, groupOf, isPointer, MARKER } from "@seb/connector-kubernetes-language";
import { tokensOf } from "@seb/connector-language";
import { fail, ok, type Result } from "@seb/schema";
import { isBefore } from "../expiry.js";
import { below, member, text, texts } from "./cel.js";
import { executionPrefix, type Layout } from "./layout.js";
import { type Manifest, PART_OF } from "./manifest.js";
import type { CertifiedObject } from "./objects.js";
import { type KindInfo, kindInfo, type OpenApi } from "./openapi.js";
import { forbid, policy } from "./policy.js";
import type { Protection } from "./protect.js";

/** Objects from which pods are made: guarding them strictly means guarding what they make. */
const WORKLOADS = ["deployments", "statefulsets", "daemonsets", "replicasets", "jobs", "cronjobs"];
const EXCEPTED = `params.spec.?allow.orValue([]).exists(a, a.principal == request.userInfo.username || request.userInfo.?groups.orValue([]).exists(g, a.principal == "group:" + g))`;

/** One guard: its exceptions, its policy and, for strictly guarded workloads, the policy of what they make. */
export function guard(
  layout: Layout,
  protection: Protection,
  objects: readonly CertifiedObject[],
  openApi: OpenApi,
  nowMs: number,
): Result<readonly Manifest[], "setting_invalid" | "catalogue_invalid"> {
  const { api_version: apiVersion, resource, name } = protection;
  const info = kindInfo(openApi, apiVersion, resource);
  if (!info.ok) return info;
  const covered = objects.filter(
    ({ ref }) =>
      ref.apiVersion === apiVersion && ref.resource === resource && protection.namespaces.includes(ref.namespace),
  );
  const fields = protection.fields ?? [
    ...new Set(covered.flatMap((object) => object.fields.map(({ pointer }) => pointer))),
  ];
  const names = namesOf(protection, covered);
  if (!fields.every(isPointer) || (protection.level === "declared" && fields.length === 0) || names?.length === 0)
    return fail("setting_invalid", "A protection covers no fields or no objects.", { facts: { protection: name } });
  const exceptions: Manifest = {
    apiVersion: "seb.dev/v1",
    kind: "GuardException",
    metadata: { name, labels: PART_OF },
    spec: { allow: protection.allow.filter((allowed) => isBefore(allowed.expires, nowMs)) },
  };
  const isStrictWorkload = protection.level === "strict" && WORKLOADS.includes(resource);
  return ok([
    exceptions,
    ...guardOf(layout, protection, info.value, fields, names),
    ...(isStrictWorkload ? podGuard(protection) : []),
  ]);
}

/** `namespace/name` of all objects; undefined when every name is meant. */
function namesOf(protection: Protection, covered: readonly CertifiedObject[]): readonly string[] | undefined {
  if (protection.names?.includes("*")) return undefined;
  if (protection.names === undefined) return covered.map(({ ref }) => `${ref.namespace}/${ref.name}`);
  return protection.namespaces.flatMap((namespace) => protection.names?.map((name) => `${namespace}/${name}`) ?? []);
}

function guardOf(
  layout: Layout,
  protection: Protection,
  info: KindInfo,
  fields: readonly string[],
  names: readonly string[] | undefined,
): readonly Manifest[] {
  const { resource, api_version: apiVersion } = protection;
  const strict = protection.level === "strict";
  const certified = strict ? strictFields(info) : fields;
  const changes = [...certified, `/metadata/annotations/${MARKER.replaceAll("/", "~1")}`].map(
    (pointer) => `(${differs(pointer)} ? [${text(pointer)}] : [])`,
  );
  const named = `request.namespace + "/" + (oldObject != null ? oldObject.metadata.name : object.metadata.name)`;
  return policy(`seb-guard-${protection.name}`, {
    exceptions: protection.name,
    auditOnly: protection.mode === "audit",
    namespaces: protection.namespaces,
    rules: [
      {
        apiGroups: [groupOf(apiVersion)],
        // Every subresource: a scale writes replicas, and a status takes annotations along, the marker among them.
        resources: [resource, `${resource}/*`],
        operations: ["CREATE", "UPDATE", "DELETE"],
        scope: "Namespaced",
      },
    ],
    ...(names === undefined ? {} : { conditions: { "a-protected-object": `(${named}) in ${texts(names)}` } }),
    variables: {
      execution: execution(layout),
      whole: `request.?subResource.orValue("") == ""`,
      changed: `request.operation != "UPDATE" ? [request.operation] : ${changes.join(" + ")}`,
    },
    validations: [
      {
        expression: `variables.changed.size() == 0 || variables.execution || ${EXCEPTED}`,
        messageExpression: `"only a certificate changes this: " + variables.changed.join(", ")`,
        reason: "Forbidden",
      },
    ],
    auditAnnotations: {
      changed: `variables.changed.join(",")`,
      certificate: `string(variables.execution && variables.whole && object != null ? object.metadata.?annotations[?${text(MARKER)}].orValue("none") : "")`,
    },
  });
}

/** An execution's own token has an id; somebody who merely impersonates its account has none. */
function execution(layout: Layout): string {
  const prefix = text(`${executionPrefix(layout)}seb-c-`);
  return `request.userInfo.username.startsWith(${prefix}) && request.userInfo.?extra[?"authentication.kubernetes.io/credential-id"].hasValue()`;
}

function strictFields({ shape }: KindInfo): readonly string[] {
  const keys = shape.kind === "object" ? [...shape.properties.keys()] : ["spec"];
  return keys.filter((key) => !["apiVersion", "kind", "metadata", "status"].includes(key)).map((key) => `/${key}`);
}

function differs(pointer: string): string {
  const tokens = tokensOf(pointer);
  const at = tokens.indexOf(CONTAINER);
  if (at < 0) return `${below("object", tokens)} != ${below("oldObject", tokens)}`;
  const [list, rest] = [tokens.slice(0, at), tokens.slice(at + 1)];
  const values = (of: string) => `${below(of, list)}.orValue([]).map(c, [c.name, ${below("c", rest)}.orValue("")])`;
  return `${values("object")} != ${values("oldObject")}`;
}

/** Pods and replica sets of strictly guarded workloads are made by controllers, run by nodes, and left alone by everybody else. */
function podGuard(protection: Protection): readonly Manifest[] {
  const changes = (resources: readonly string[], apiGroup: string) => ({
    apiGroups: [apiGroup],
    resources,
    operations: ["CREATE", "UPDATE"],
    scope: "Namespaced" as const,
  });
  const controller = [
    `request.userInfo.username.startsWith("system:serviceaccount:kube-system:")`,
    `request.userInfo.username.startsWith("system:node:")`,
    `request.userInfo.username in ["system:kube-controller-manager", "system:kube-scheduler"]`,
  ].join(" || ");
  return policy(`seb-guard-${protection.name}-pods`, {
    exceptions: protection.name,
    auditOnly: protection.mode === "audit",
    namespaces: protection.namespaces,
    rules: [
      changes(["replicasets", "replicasets/scale"], "apps"),
      changes(["pods", "pods/ephemeralcontainers", "pods/resize"], ""),
    ],
    validations: [
      forbid(
        `${controller} || (request.operation == "UPDATE" && ${member("object", "spec")} == ${member("oldObject", "spec")}) || ${EXCEPTED}`,
        "pods here come from certified workloads only",
      ),
    ],
  });
}
