import { text } from "./cel.js";
import { executionPrefix, type Layout, userOf } from "./layout.js";
import type { Manifest } from "./manifest.js";
import { forbid, policy } from "./policy.js";

const BINDINGS = { apiGroups: ["rbac.authorization.k8s.io"], resources: ["rolebindings", "clusterrolebindings"] };
const ONE_USE_NAME = `matches("^seb-c-[a-z2-7]{26}$")`;
const IN_BACKGROUND = `request.options.?propagationPolicy.orValue("Background") == "Background" && !request.options.?orphanDependents.hasValue()`;

/** The policies that hold broker and janitor to the scheme, even when their identities are stolen. */
export function brokerPolicies(layout: Layout): readonly Manifest[] {
  return [
    ...brokerBindings(layout),
    ...reservedSubjects(layout),
    ...brokerAccounts(layout),
    ...reservedRoles(layout),
    ...closedNamespace(layout),
  ];
}

/** Which bindings broker and janitor may touch: one account of the same name, an execution's Role, nothing that outlives its deletion. */
function brokerBindings(layout: Layout): readonly Manifest[] {
  const janitor = text(userOf(layout, layout.janitor));
  return policy("seb-broker-bindings", {
    rules: [{ ...BINDINGS, operations: ["CREATE", "UPDATE", "DELETE"] }],
    conditions: {
      "broker-or-janitor": `request.userInfo.username in [${text(userOf(layout, layout.broker))}, ${janitor}]`,
    },
    variables: {
      binding: `request.operation == "DELETE" ? oldObject : object`,
      subject: `variables.binding.?subjects[?0].?name.orValue("")`,
    },
    validations: [
      forbid(
        `request.resource.resource == "rolebindings" && request.operation in ["CREATE", "DELETE"]`,
        "bindings of one namespace are made and removed, never changed",
      ),
      forbid(`variables.binding.metadata.name.${ONE_USE_NAME}`, "the name is not that of an execution"),
      forbid(`request.operation == "DELETE" || request.userInfo.username != ${janitor}`, "the janitor makes nothing"),
      forbid(
        [
          `variables.binding.?subjects.orValue([]).size() == 1`,
          `variables.binding.subjects[0].kind == "ServiceAccount"`,
          `variables.binding.subjects[0].?namespace.orValue("") == ${text(layout.executionsNamespace)}`,
          `variables.subject == variables.binding.metadata.name`,
        ].join(" && "),
        "an execution's binding has one subject: the account of the same name",
      ),
      forbid(
        `variables.binding.roleRef.kind == "Role" && variables.binding.roleRef.name.startsWith("seb-x-")`,
        "only Roles that were provisioned for executions are bound",
      ),
      forbid(
        `request.operation == "DELETE" || !(has(object.metadata.finalizers) || has(object.metadata.ownerReferences))`,
        "a binding with finalizers or owners does not end when it is deleted",
      ),
      forbid(
        `request.operation != "DELETE" || (${IN_BACKGROUND})`,
        "only a deletion in the background takes effect at once",
      ),
    ],
    auditAnnotations: {
      role: `string(variables.binding.roleRef.kind) + "/" + string(variables.binding.roleRef.name)`,
      subject: `string(variables.subject)`,
    },
  });
}

/** Nobody else gives rights to executions, and only installers give any to broker and janitor. */
function reservedSubjects(layout: Layout): readonly Manifest[] {
  const prefix = executionPrefix(layout);
  const system = text(layout.systemNamespace);
  const own = [layout.broker, layout.janitor];
  const isExecution = [
    `(s.kind == "ServiceAccount" && s.?namespace.orValue("") == ${text(layout.executionsNamespace)})`,
    `s.name.startsWith(${text(prefix)})`,
    `s.name == ${text(prefix.replace("serviceaccount:", "serviceaccounts:").slice(0, -1))}`,
  ].join(" || ");
  const isOurs = own
    .map(
      (name) =>
        `(s.kind == "ServiceAccount" && s.?namespace.orValue("") == ${system} && s.name == ${text(name)}) || s.name == ${text(userOf(layout, name))}`,
    )
    .concat(`s.name == ${text(`system:serviceaccounts:${layout.systemNamespace}`)}`)
    .join(" || ");
  return policy("seb-reserved-subjects", {
    rules: [{ ...BINDINGS, operations: ["CREATE", "UPDATE"] }],
    conditions: { "not-the-broker": `request.userInfo.username != ${text(userOf(layout, layout.broker))}` },
    variables: { subjects: `object.?subjects.orValue([])` },
    validations: [
      forbid(`!variables.subjects.exists(s, ${isExecution})`, "executions get their rights from the broker alone"),
      forbid(
        `${text(layout.installers)} in request.userInfo.groups || !variables.subjects.exists(s, ${isOurs})`,
        "only installers give rights to broker and janitor",
      ),
    ],
  });
}

/** Which accounts and tokens broker and janitor may touch: those of executions, bare, for ten minutes and one audience. */
function brokerAccounts(layout: Layout): readonly Manifest[] {
  const janitor = text(userOf(layout, layout.janitor));
  return policy("seb-broker-accounts", {
    rules: [
      {
        apiGroups: [""],
        resources: ["serviceaccounts", "serviceaccounts/token"],
        operations: ["CREATE", "UPDATE", "DELETE"],
      },
    ],
    conditions: {
      "broker-or-janitor": `request.userInfo.username in [${text(userOf(layout, layout.broker))}, ${janitor}]`,
    },
    variables: {
      forToken: `request.?subResource.orValue("") == "token"`,
      account: `request.operation == "DELETE" ? oldObject.metadata.name : variables.forToken ? request.name : object.metadata.name`,
    },
    validations: [
      forbid(`request.operation in ["CREATE", "DELETE"]`, "accounts are made and removed, never changed"),
      forbid(`request.operation == "DELETE" || request.userInfo.username != ${janitor}`, "the janitor makes nothing"),
      forbid(`request.namespace == ${text(layout.executionsNamespace)}`, "executions have their own namespace"),
      forbid(`variables.account.${ONE_USE_NAME}`, "the name is not that of an execution"),
      forbid(
        [
          `request.operation == "DELETE" || variables.forToken`,
          `(object.?automountServiceAccountToken.orValue(true) == false && !has(object.secrets) && !has(object.imagePullSecrets) && !has(object.metadata.finalizers) && !has(object.metadata.ownerReferences))`,
        ].join(" || "),
        "an execution's account carries nothing and ends when it is deleted",
      ),
      forbid(
        `!variables.forToken || (object.spec.audiences == [${text(layout.audience)}] && object.spec.?expirationSeconds.orValue(3600) <= 600)`,
        "an execution's token lives ten minutes at most, for the API server only",
      ),
      forbid(
        `request.operation != "DELETE" || (${IN_BACKGROUND})`,
        "only a deletion in the background takes effect at once",
      ),
    ],
  });
}

/** Roles of executions are narrow; they, and the rights of broker and janitor, are the installers' to change. */
function reservedRoles(layout: Layout): readonly Manifest[] {
  const name = `(oldObject != null ? oldObject.metadata.name : object.metadata.name)`;
  return policy("seb-reserved-roles", {
    rules: [
      {
        apiGroups: ["rbac.authorization.k8s.io"],
        resources: ["roles", "rolebindings"],
        operations: ["CREATE", "UPDATE", "DELETE"],
      },
    ],
    conditions: { reserved: `${name}.startsWith("seb-x-") || ${name} in ["seb-broker", "seb-janitor"]` },
    validations: [
      forbid(
        `${text(layout.installers)} in request.userInfo.groups || (request.operation == "DELETE" && request.userInfo.username == "system:serviceaccount:kube-system:namespace-controller")`,
        "only installers change the rights of executions, broker and janitor",
      ),
      forbid(
        [
          `request.operation == "DELETE" || request.resource.resource != "roles" || !object.metadata.name.startsWith("seb-x-")`,
          `(object.?rules.orValue([]).size() == 1 && object.rules.all(r, r.verbs.size() == 1 && r.verbs[0] in ["patch", "delete"] && r.?apiGroups.orValue([]).size() == 1 && r.apiGroups[0] != "*" && r.?resources.orValue([]).size() == 1 && r.resources[0] != "*" && r.?resourceNames.orValue([]).size() == 1))`,
        ].join(" || "),
        "a Role of executions has one rule: one verb on one resource of one name",
      ),
    ],
  });
}

/** Nothing but executions' accounts lives in their namespace. */
function closedNamespace(layout: Layout): readonly Manifest[] {
  const resource = `request.resource.resource`;
  const sub = `request.?subResource.orValue("")`;
  const user = `request.userInfo.username`;
  const kubeSystem = `${user}.startsWith("system:serviceaccount:kube-system:")`;
  const installer = `${text(layout.installers)} in request.userInfo.groups`;
  return policy("seb-executions-closed", {
    namespaces: [layout.executionsNamespace],
    // Cluster-scoped objects have no namespace to select by: without the scope, writing any of them would match.
    rules: [{ apiGroups: ["*"], resources: ["*/*"], operations: ["*"], scope: "Namespaced" }],
    conditions: { "not-the-broker": `${user} != ${text(userOf(layout, layout.broker))}` },
    validations: [
      forbid(
        [
          `(request.operation == "DELETE" && (${resource} == "serviceaccounts" || ${kubeSystem} || ${installer}))`,
          `(${resource} == "configmaps" && ${user} == "system:serviceaccount:kube-system:root-ca-cert-publisher")`,
          `(${resource} == "serviceaccounts" && ${sub} == "" && object.metadata.name == "default" && ${user} == "system:serviceaccount:kube-system:service-account-controller")`,
          `(${resource} == "resourcequotas" && ${sub} == "status" && (${user} == "system:apiserver" || ${kubeSystem}))`,
          `(${resource} in ["roles", "rolebindings", "resourcequotas", "limitranges"] && ${installer})`,
        ].join(" || "),
        "the namespace of executions is the broker's alone",
      ),
    ],
  });
}
