import { stringify } from "yaml";

/** An object for the cluster, as it is applied. */
export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Readonly<Record<string, string>>;
  };
  readonly [field: string]: unknown;
}

/** Label of everything that is rendered. */
export const PART_OF = { "app.kubernetes.io/part-of": "seb" } as const;
export const RBAC = "rbac.authorization.k8s.io";

const PATHS: Readonly<Record<string, string>> = {
  Namespace: "/api/v1/namespaces",
  ServiceAccount: "/api/v1/namespaces/{}/serviceaccounts",
  ResourceQuota: "/api/v1/namespaces/{}/resourcequotas",
  Role: `/apis/${RBAC}/v1/namespaces/{}/roles`,
  RoleBinding: `/apis/${RBAC}/v1/namespaces/{}/rolebindings`,
  ClusterRole: `/apis/${RBAC}/v1/clusterroles`,
  ClusterRoleBinding: `/apis/${RBAC}/v1/clusterrolebindings`,
  CustomResourceDefinition: "/apis/apiextensions.k8s.io/v1/customresourcedefinitions",
  ValidatingAdmissionPolicy: "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies",
  ValidatingAdmissionPolicyBinding: "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicybindings",
  GuardException: "/apis/seb.dev/v1/guardexceptions",
};

/** Path of the collection that a manifest belongs to. */
export function collectionOf({ kind, metadata }: Manifest): string {
  const path = PATHS[kind];
  if (path === undefined) throw new TypeError(`no path is known for ${kind}`);
  return path.replace("{}", metadata.namespace ?? "");
}

/** One document for each manifest, in the order in which they have to be applied. */
export function toYaml(manifests: readonly Manifest[]): string {
  return manifests.map((manifest) => `---\n${stringify(manifest, { lineWidth: 0 })}`).join("");
}

/** Rights of one account by a Role of one namespace, and the binding of both. */
export function grant(
  name: string,
  namespace: string,
  account: { readonly namespace: string; readonly name: string },
  rules: readonly object[],
): readonly Manifest[] {
  return [
    { apiVersion: `${RBAC}/v1`, kind: "Role", metadata: { name, namespace, labels: PART_OF }, rules },
    {
      apiVersion: `${RBAC}/v1`,
      kind: "RoleBinding",
      metadata: { name, namespace, labels: PART_OF },
      roleRef: { apiGroup: RBAC, kind: "Role", name },
      subjects: [{ kind: "ServiceAccount", ...account }],
    },
  ];
}
