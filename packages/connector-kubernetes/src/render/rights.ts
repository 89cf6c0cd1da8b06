import { groupOf } from "@seb/connector-kubernetes-language";
import { guardedNamespaces, type Layout } from "./layout.js";
import { grant, type Manifest, PART_OF, RBAC } from "./manifest.js";
import type { CertifiedObject } from "./objects.js";

/** Namespaces, accounts and the bound on how many executions there may be. */
export function foundation(layout: Layout): readonly Manifest[] {
  const { systemNamespace, executionsNamespace, broker, janitor, maxExecutions } = layout;
  const namespace = (name: string) => ({ apiVersion: "v1", kind: "Namespace", metadata: { name, labels: PART_OF } });
  const account = (name: string) => ({
    apiVersion: "v1",
    kind: "ServiceAccount",
    metadata: { name, namespace: systemNamespace, labels: PART_OF },
  });
  return [
    namespace(systemNamespace),
    namespace(executionsNamespace),
    account(broker),
    account(janitor),
    {
      apiVersion: "v1",
      kind: "ResourceQuota",
      metadata: { name: "seb-executions", namespace: executionsNamespace, labels: PART_OF },
      // Accounts are counted, and nothing that could run or hold a secret may exist beside them.
      spec: {
        hard: { "count/serviceaccounts": String(maxExecutions + 1), "count/secrets": "0", "count/pods": "0" },
      },
    },
  ];
}

/** One Role for each verb on each object: one rule, one verb, one resource, one name. Executions are bound to them, nobody else. */
export function executionRoles(objects: readonly CertifiedObject[]): readonly Manifest[] {
  return objects.flatMap(({ ref, roles }) =>
    [...roles].map(([verb, name]) => ({
      apiVersion: `${RBAC}/v1`,
      kind: "Role",
      metadata: { name, namespace: ref.namespace, labels: PART_OF },
      rules: [
        { apiGroups: [groupOf(ref.apiVersion)], resources: [ref.resource], resourceNames: [ref.name], verbs: [verb] },
      ],
    })),
  );
}

/** The broker makes and removes accounts and bindings, binds the named Roles and reads the named objects. It changes nothing itself. */
export function brokerRights(layout: Layout, objects: readonly CertifiedObject[]): readonly Manifest[] {
  const account = { namespace: layout.systemNamespace, name: layout.broker };
  const executions = grant("seb-broker", layout.executionsNamespace, account, [
    { apiGroups: [""], resources: ["serviceaccounts"], verbs: ["create", "delete", "get"] },
    { apiGroups: [""], resources: ["serviceaccounts/token"], verbs: ["create"] },
  ]);
  const targets = guardedNamespaces(objects).flatMap((namespace) => {
    const here = objects.filter(({ ref }) => ref.namespace === namespace);
    const reads = here.map(({ ref }) => ({
      apiGroups: [groupOf(ref.apiVersion)],
      resources: [ref.resource],
      resourceNames: [ref.name],
      verbs: ["get"],
    }));
    const roles = here.flatMap((object) => [...object.roles.values()]).sort();
    return grant("seb-broker", namespace, account, [
      ...reads,
      { apiGroups: [RBAC], resources: ["rolebindings"], verbs: ["create", "delete", "get"] },
      { apiGroups: [RBAC], resources: ["roles"], resourceNames: roles, verbs: ["bind"] },
    ]);
  });
  return [...executions, ...targets];
}

/** The janitor lists and deletes what executions left, and takes expired exceptions out; it can make nothing. */
export function janitorRights(layout: Layout, objects: readonly CertifiedObject[]): readonly Manifest[] {
  const account = { namespace: layout.systemNamespace, name: layout.janitor };
  const sweeps = (resource: string, group: string) => [
    { apiGroups: [group], resources: [resource], verbs: ["list", "delete", "get"] },
  ];
  const name = "seb-janitor";
  return [
    ...grant(name, layout.executionsNamespace, account, sweeps("serviceaccounts", "")),
    ...guardedNamespaces(objects).flatMap((namespace) => grant(name, namespace, account, sweeps("rolebindings", RBAC))),
    {
      apiVersion: `${RBAC}/v1`,
      kind: "ClusterRole",
      metadata: { name, labels: PART_OF },
      rules: [{ apiGroups: ["seb.dev"], resources: ["guardexceptions"], verbs: ["list", "get", "update"] }],
    },
    {
      apiVersion: `${RBAC}/v1`,
      kind: "ClusterRoleBinding",
      metadata: { name, labels: PART_OF },
      roleRef: { apiGroup: RBAC, kind: "ClusterRole", name },
      subjects: [{ kind: "ServiceAccount", ...account }],
    },
  ];
}
