import { text, texts } from "./cel.js";
import { type Layout, userOf } from "./layout.js";
import { type Manifest, PART_OF } from "./manifest.js";
import { forbid, policy } from "./policy.js";

const NAME = "guardexceptions.seb.dev";

/** Kind of the exceptions. Policies read them as parameters; in a ConfigMap they would freeze while no policy uses any. */
export function exceptionsKind(): Manifest {
  const line = (maxLength: number) => ({ type: "string", minLength: 1, maxLength });
  const allowed = {
    type: "object",
    required: ["principal", "reason", "expires"],
    properties: { principal: line(300), reason: line(300), expires: line(10) },
  };
  const spec = { type: "object", properties: { allow: { type: "array", maxItems: 128, items: allowed } } };
  const schema = { openAPIV3Schema: { type: "object", required: ["spec"], properties: { spec } } };
  return {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: NAME, labels: PART_OF },
    spec: {
      group: "seb.dev",
      scope: "Cluster",
      names: {
        kind: "GuardException",
        listKind: "GuardExceptionList",
        plural: "guardexceptions",
        singular: "guardexception",
      },
      versions: [{ name: "v1", served: true, storage: true, schema }],
    },
  };
}

/** What is guarded, and who is excepted, is the installers' to change. The janitor may take exceptions out, never put any in. */
export function guardConfig(layout: Layout, namespaces: readonly string[]): readonly Manifest[] {
  const guarded = [layout.systemNamespace, layout.executionsNamespace, ...namespaces];
  const namespaceController = `request.userInfo.username == "system:serviceaccount:kube-system:namespace-controller"`;
  const onlyLess = [
    `request.userInfo.username == ${text(userOf(layout, layout.janitor))}`,
    `request.resource.resource == "guardexceptions"`,
    `request.operation == "UPDATE"`,
    `object.spec.?allow.orValue([]).all(a, a in oldObject.spec.?allow.orValue([]))`,
  ].join(" && ");
  return policy("seb-guard-config", {
    rules: [
      { apiGroups: [""], resources: ["namespaces", "namespaces/finalize"], operations: ["UPDATE", "DELETE"] },
      { apiGroups: ["seb.dev"], resources: ["guardexceptions"], operations: ["CREATE", "UPDATE", "DELETE"] },
      {
        apiGroups: ["apiextensions.k8s.io"],
        resources: ["customresourcedefinitions"],
        resourceNames: [NAME],
        operations: ["UPDATE", "DELETE"],
      },
    ],
    conditions: {
      "guarded-things": `request.resource.resource != "namespaces" || (oldObject.metadata.name in ${texts(guarded)} && (request.operation == "DELETE" || request.?subResource.orValue("") == "finalize"))`,
    },
    validations: [
      forbid(
        `${text(layout.installers)} in request.userInfo.groups || (${onlyLess}) || (request.?subResource.orValue("") == "finalize" && ${namespaceController})`,
        "only installers change what is guarded",
      ),
    ],
  });
}
