// What a thief of the broker's token tries. Each is sent to the real API server; `by` says who has to refuse it; where two policies do, either may answer.
// Here, because the connector's tests and the black-box tests try the same.

/** Namespace of the certified objects. */
const SHOP = "shop";
/** A Role that was provisioned for executions there. */
export const PROVISIONED_ROLE = "seb-x-patch-deployments.apps-checkout";
/** One that was not rendered for the broker; it has to exist. */
export const OTHER_ROLE = "seb-x-other";

/** One request, as the broker, that must be refused by RBAC or by one of the named policies, separated by `|`. */
export interface Escalation {
  readonly title: string;
  readonly by: "rbac" | `seb-${string}`;
  readonly method: string;
  readonly path: string;
  readonly body?: unknown;
  readonly type?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

const NAME = `seb-c-${"x".repeat(26)}`;
const RBAC = "/apis/rbac.authorization.k8s.io/v1";
const MERGE = "application/merge-patch+json";
const accounts = (namespace = "seb-executions") => `/api/v1/namespaces/${namespace}/serviceaccounts`;
const bindings = (namespace = SHOP) => `${RBAC}/namespaces/${namespace}/rolebindings`;
const policies = "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies";
const own = { kind: "ServiceAccount", namespace: "seb-executions", name: NAME };
const broker = { kind: "ServiceAccount", namespace: "seb-system", name: "broker" };

function binding(
  more: {
    readonly metadata?: object;
    readonly subjects?: readonly object[];
    readonly role?: string;
    readonly kind?: string;
  } = {},
) {
  return {
    apiVersion: "rbac.authorization.k8s.io/v1",
    kind: "RoleBinding",
    metadata: { name: NAME, ...more.metadata },
    roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: more.kind ?? "Role", name: more.role ?? PROVISIONED_ROLE },
    subjects: more.subjects ?? [own],
  };
}

const account = (more: object = {}, metadata: object = {}) => ({
  apiVersion: "v1",
  kind: "ServiceAccount",
  metadata: { name: NAME, ...metadata },
  automountServiceAccountToken: false,
  ...more,
});

const token = (spec: object) => ({ apiVersion: "authentication.k8s.io/v1", kind: "TokenRequest", spec });
const API = "https://kubernetes.default.svc";
const deletion = (more: object) => ({ apiVersion: "v1", kind: "DeleteOptions", ...more });
const pod = {
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name: "p" },
  spec: { containers: [{ name: "a", image: "a" }] },
};
const role = (rules: readonly object[]) => ({
  apiVersion: "rbac.authorization.k8s.io/v1",
  kind: "Role",
  metadata: { name: "seb-x-wide" },
  rules,
});
const everything = [{ apiGroups: ["*"], resources: ["*"], verbs: ["*"] }];
const user = (name: string) => ({ kind: "User", apiGroup: "rbac.authorization.k8s.io", name });
const group = (name: string) => ({ kind: "Group", apiGroup: "rbac.authorization.k8s.io", name });
const post = (title: string, by: Escalation["by"], path: string, body: unknown): Escalation => ({
  title,
  by,
  method: "POST",
  path,
  body,
});

/** `standing` is the name of a binding and an account that the broker made for an execution under way. */
export function escalations(standing: string): readonly Escalation[] {
  const BINDINGS = "seb-broker-bindings";
  const ACCOUNTS = "seb-broker-accounts";
  const owner = [{ apiVersion: "v1", kind: "ConfigMap", name: "settings", uid: "0" }];
  return [
    post("bind a Role to itself", BINDINGS, bindings(), binding({ subjects: [broker] })),
    post("bind a Role to everybody", BINDINGS, bindings(), binding({ subjects: [group("system:authenticated")] })),
    post("bind a Role to a person", BINDINGS, bindings(), binding({ subjects: [user("mallory")] })),
    post("bind a Role to a second subject", BINDINGS, bindings(), binding({ subjects: [own, broker] })),
    post("bind a Role to nobody yet", BINDINGS, bindings(), binding({ subjects: [] })),
    post(
      "bind a second Role to another execution's account",
      BINDINGS,
      bindings(),
      binding({ subjects: [{ ...own, name: standing }] }),
    ),
    post(
      "bind a Role to an account elsewhere",
      BINDINGS,
      bindings(),
      binding({ subjects: [{ ...own, namespace: SHOP }] }),
    ),
    post("hand on a Role that it holds", BINDINGS, bindings(), binding({ role: "seb-broker" })),
    post("bind under a name of its own", BINDINGS, bindings(), binding({ metadata: { name: "mine" } })),
    post("bind with a finalizer", BINDINGS, bindings(), binding({ metadata: { finalizers: ["example.com/stay"] } })),
    post("bind with an owner", BINDINGS, bindings(), binding({ metadata: { ownerReferences: owner } })),
    post("bind a Role that is not provisioned for it", "rbac", bindings(), binding({ role: OTHER_ROLE })),
    post(
      "bind cluster-admin in a namespace",
      "rbac",
      bindings(),
      binding({ kind: "ClusterRole", role: "cluster-admin" }),
    ),
    // Without controllers this ClusterRole is empty, so that RBAC has nothing against it.
    post("bind edit in a namespace", BINDINGS, bindings(), binding({ kind: "ClusterRole", role: "edit" })),
    post("bind in kube-system", "rbac", bindings("kube-system"), binding()),
    post("bind among the executions", "rbac", bindings("seb-executions"), binding({ role: "seb-broker" })),
    post("bind cluster-admin", "rbac", `${RBAC}/clusterrolebindings`, {
      ...binding({ kind: "ClusterRole", role: "cluster-admin" }),
      kind: "ClusterRoleBinding",
    }),
    {
      title: "change a binding",
      by: "rbac",
      method: "PATCH",
      path: `${bindings()}/${standing}`,
      body: { subjects: [broker] },
      type: MERGE,
    },
    {
      title: "replace a binding",
      by: "rbac",
      method: "PUT",
      path: `${bindings()}/${standing}`,
      body: binding({ metadata: { name: standing } }),
    },
    {
      title: "delete a binding in the foreground",
      by: BINDINGS,
      method: "DELETE",
      path: `${bindings()}/${standing}`,
      body: deletion({ propagationPolicy: "Foreground" }),
    },
    {
      title: "delete a binding and orphan it",
      by: BINDINGS,
      method: "DELETE",
      path: `${bindings()}/${standing}`,
      body: deletion({ propagationPolicy: "Orphan" }),
    },
    {
      title: "delete a binding and orphan it, the old way",
      by: BINDINGS,
      method: "DELETE",
      path: `${bindings()}/${standing}?orphanDependents=true`,
    },
    {
      title: "delete the bindings of others",
      by: `${BINDINGS}|seb-reserved-roles`,
      method: "DELETE",
      path: `${bindings()}/seb-broker`,
    },
    { title: "delete all bindings", by: "rbac", method: "DELETE", path: bindings() },
    { title: "list all bindings", by: "rbac", method: "GET", path: bindings() },
    post("make a Role", "rbac", `${RBAC}/namespaces/${SHOP}/roles`, role(everything)),
    {
      title: "widen a Role",
      by: "rbac",
      method: "PATCH",
      path: `${RBAC}/namespaces/${SHOP}/roles/${PROVISIONED_ROLE}`,
      body: { rules: everything },
      type: MERGE,
    },
    post("make an account with a name of its own", ACCOUNTS, accounts(), account({}, { name: "mine" })),
    post(
      "make an account that cannot be deleted",
      ACCOUNTS,
      accounts(),
      account({}, { finalizers: ["example.com/stay"] }),
    ),
    post("make an account with an owner", ACCOUNTS, accounts(), account({}, { ownerReferences: owner })),
    post("make an account that pods mount", ACCOUNTS, accounts(), account({ automountServiceAccountToken: true })),
    post("make an account that carries Secrets", ACCOUNTS, accounts(), account({ secrets: [{ name: "db" }] })),
    post("make an account in the target's namespace", "rbac", accounts(SHOP), account()),
    post("make an account beside its own", "rbac", accounts("seb-system"), account()),
    {
      title: "change an account",
      by: "rbac",
      method: "PATCH",
      path: `${accounts()}/${standing}`,
      body: { automountServiceAccountToken: true },
      type: MERGE,
    },
    {
      title: "delete an account in the foreground",
      by: ACCOUNTS,
      method: "DELETE",
      path: `${accounts()}/${standing}`,
      body: deletion({ propagationPolicy: "Foreground" }),
    },
    post(
      "a token for ten years",
      ACCOUNTS,
      `${accounts()}/${standing}/token`,
      token({ audiences: [API], expirationSeconds: 315_360_000 }),
    ),
    post(
      "a token for an hour",
      ACCOUNTS,
      `${accounts()}/${standing}/token`,
      token({ audiences: [API], expirationSeconds: 3600 }),
    ),
    post(
      "a token for another audience",
      ACCOUNTS,
      `${accounts()}/${standing}/token`,
      token({ audiences: ["vault"], expirationSeconds: 600 }),
    ),
    post(
      "a token for two audiences",
      ACCOUNTS,
      `${accounts()}/${standing}/token`,
      token({ audiences: [API, "vault"], expirationSeconds: 600 }),
    ),
    post("a token of no named life", ACCOUNTS, `${accounts()}/${standing}/token`, token({ audiences: [API] })),
    post("a token of its own account", "rbac", `${accounts("seb-system")}/broker/token`, token({})),
    post("a token of the janitor", "rbac", `${accounts("seb-system")}/janitor/token`, token({})),
    post("a token of a controller", "rbac", `${accounts("kube-system")}/deployment-controller/token`, token({})),
    post("a Secret that becomes a token", "rbac", "/api/v1/namespaces/seb-executions/secrets", {
      apiVersion: "v1",
      kind: "Secret",
      type: "kubernetes.io/service-account-token",
      metadata: { name: "t", annotations: { "kubernetes.io/service-account.name": standing } },
    }),
    { title: "read Secrets", by: "rbac", method: "GET", path: `/api/v1/namespaces/${SHOP}/secrets` },
    {
      title: "read an object that is not certified",
      by: "rbac",
      method: "GET",
      path: `/api/v1/namespaces/${SHOP}/configmaps/other`,
    },
    post("run a pod beside the target", "rbac", `/api/v1/namespaces/${SHOP}/pods`, pod),
    post("run a pod among the executions", "rbac", "/api/v1/namespaces/seb-executions/pods", pod),
    post("execute in a pod", "rbac", `/api/v1/namespaces/${SHOP}/pods/p/exec?command=sh`, undefined),
    post("keep something among the executions", "rbac", "/api/v1/namespaces/seb-executions/configmaps", {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: "x" },
    }),
    {
      title: "impersonate a master",
      by: "rbac",
      method: "GET",
      path: "/api/v1/secrets",
      headers: { "impersonate-user": "root", "impersonate-group": "system:masters" },
    },
    {
      title: "impersonate an execution",
      by: "rbac",
      method: "GET",
      path: "/api/v1/secrets",
      headers: { "impersonate-user": `system:serviceaccount:seb-executions:${standing}` },
    },
    post("ask for a client certificate", "rbac", "/apis/certificates.k8s.io/v1/certificatesigningrequests", {
      apiVersion: "certificates.k8s.io/v1",
      kind: "CertificateSigningRequest",
      metadata: { name: "x" },
      spec: { request: "", signerName: "kubernetes.io/kube-apiserver-client", usages: ["client auth"] },
    }),
    { title: "delete a policy", by: "rbac", method: "DELETE", path: `${policies}/seb-broker-bindings` },
    {
      title: "loosen a policy",
      by: "rbac",
      method: "PATCH",
      path: `${policies}/seb-broker-bindings`,
      body: { spec: { failurePolicy: "Ignore" } },
      type: MERGE,
    },
    {
      title: "unbind a policy",
      by: "rbac",
      method: "DELETE",
      path: "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicybindings/seb-broker-bindings",
    },
    post("except itself from the guard", "rbac", "/apis/seb.dev/v1/guardexceptions", {
      apiVersion: "seb.dev/v1",
      kind: "GuardException",
      metadata: { name: "x" },
      spec: { allow: [] },
    }),
    { title: "delete the target's namespace", by: "rbac", method: "DELETE", path: `/api/v1/namespaces/${SHOP}` },
    {
      title: "lift the quota",
      by: "rbac",
      method: "DELETE",
      path: "/api/v1/namespaces/seb-executions/resourcequotas/seb-executions",
    },
    { title: "reach a node", by: "rbac", method: "GET", path: "/api/v1/nodes/n/proxy/pods" },
  ];
}
