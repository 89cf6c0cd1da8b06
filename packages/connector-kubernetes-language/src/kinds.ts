import { tokensOf } from "@seb/connector-language";
import { groupOf } from "./names.js";

/** What is known of a built-in kind. What is not known here is left to the API server. */
interface Kind {
  readonly group: string;
  /** Starts of pointers to fields that the API takes no change of; whatever the API says about a way around is left out. */
  readonly readOnly?: readonly string[];
  /** The only fields that the API takes a change of, where these are few. */
  readonly only?: readonly string[];
  /** Where its fields stand; `/spec` when absent. */
  readonly root?: "/data";
}

// Kubernetes API reference v1.36 (and, for StatefulSets, what the server answers to other fields).
const KINDS: Readonly<Record<string, Kind>> = {
  configmaps: { group: "", root: "/data" },
  services: { group: "", readOnly: ["/spec/clusterIP", "/spec/clusterIPs"] },
  pods: {
    group: "",
    only: [
      "/spec/containers/@/image",
      "/spec/initContainers/@/image",
      "/spec/activeDeadlineSeconds",
      "/spec/terminationGracePeriodSeconds",
    ],
  },
  persistentvolumeclaims: { group: "", only: ["/spec/resources/requests", "/spec/volumeAttributesClassName"] },
  deployments: { group: "apps", readOnly: ["/spec/selector"] },
  daemonsets: { group: "apps", readOnly: ["/spec/selector"] },
  replicasets: { group: "apps", readOnly: ["/spec/selector"] },
  statefulsets: {
    group: "apps",
    readOnly: ["/spec/selector", "/spec/serviceName", "/spec/podManagementPolicy", "/spec/volumeClaimTemplates"],
  },
  jobs: { group: "batch", readOnly: ["/spec/selector", "/spec/completionMode", "/spec/template"] },
  cronjobs: { group: "batch" },
  horizontalpodautoscalers: { group: "autoscaling" },
  ingresses: { group: "networking.k8s.io" },
  networkpolicies: { group: "networking.k8s.io" },
  poddisruptionbudgets: { group: "policy" },
};
const GROUPS: ReadonlySet<string> = new Set(Object.values(KINDS).map(({ group }) => group));
/** Objects that give rights, hold secrets or make rules: never through a certificate. */
const CLOSED_GROUPS = [
  "rbac.authorization.k8s.io",
  "admissionregistration.k8s.io",
  "apiextensions.k8s.io",
  "apiregistration.k8s.io",
  "certificates.k8s.io",
];
const CLOSED_RESOURCES = ["secrets", "serviceaccounts", "namespaces", "nodes"];

/** True for kinds whose objects no certificate changes. */
export function isClosed(apiVersion: string, resource: string): boolean {
  const group = groupOf(apiVersion);
  return CLOSED_GROUPS.includes(group) || (group === "" && CLOSED_RESOURCES.includes(resource));
}

/** Why a built-in group has no such plural, and which plurals were meant; undefined where it has, or where nothing is known. */
export function wrongKind(apiVersion: string, resource: string) {
  const group = groupOf(apiVersion);
  if (!GROUPS.has(group)) return undefined;
  const known = kindOf(resource);
  if (known !== undefined && known.group !== group)
    return {
      expected: `a kind of ${group === "" ? "the core group" : group}: ${resource} belong to ${known.group === "" ? "the core group" : known.group}`,
    };
  const plural = [`${resource}s`, `${resource}es`, resource.replace(/y$/, "ies")].find(
    (name) => kindOf(name)?.group === group,
  );
  return plural === undefined || known !== undefined
    ? undefined
    : { expected: "the plural of a kind, as it stands in paths", near: [plural] };
}

/** Why the API takes no change of a field; undefined where it does, as far as is known. */
export function readOnly(resource: string, pointer: string): string | undefined {
  const kind = kindOf(resource);
  if (kind === undefined || pointer.startsWith("/metadata/")) return undefined;
  const root = kind.root ?? "/spec";
  if (!startsWith(pointer, root)) return `a field of ${root}, labels or annotations: ${resource} have no other`;
  if (kind.only !== undefined && !kind.only.some((start) => startsWith(pointer, start)))
    return `one of the fields that ${resource} can change: ${kind.only.join(", ")}`;
  const closed = kind.readOnly?.find((start) => startsWith(pointer, start));
  return closed === undefined
    ? undefined
    : `a field that can change: ${closed} of ${resource} is fixed when they are made`;
}

/** True for fields that hold text only: labels, annotations, the data of a ConfigMap. */
export function isTextOnly(resource: string, pointer: string): boolean {
  const tokens = tokensOf(pointer);
  const [map, name] = [tokens.at(-2), tokens.at(-3)];
  if ((map === "labels" || map === "annotations") && name === "metadata") return true;
  return resource === "configmaps" && tokens.length === 2 && map === "data";
}

const kindOf = (resource: string): Kind | undefined => (Object.hasOwn(KINDS, resource) ? KINDS[resource] : undefined);

const startsWith = (pointer: string, start: string): boolean => pointer === start || pointer.startsWith(`${start}/`);
