// What somebody who holds the broker's token can make with it: an execution's identity without any certificate.
import { type ClusterWorld, EXECUTIONS, RBAC } from "./cluster.js";
import { at, JSON_PATCH } from "./cluster-calls.js";
import { NOTHING } from "./cluster-verbs.js";
import { MARKER, NAMESPACE } from "./cluster-world.js";
import { until } from "./environment.js";
import { freshId } from "./json.js";

/** An identity that no certificate stands behind. */
export interface Stolen {
  readonly certId: string;
  /** Of account and binding. */
  readonly name: string;
  readonly token: string;
  /** Writes as it. */
  patch(path: string, steps: readonly object[]): ReturnType<ClusterWorld["call"]>;
}

export const accountsPath = `/api/v1/namespaces/${EXECUTIONS}/serviceaccounts`;
export const bindingPath = (name: string) => `${RBAC}/namespaces/${NAMESPACE}/rolebindings/${name}`;

/** The step that marks an object without annotations. */
export const marking = (certId: string) => ({ op: "add", path: "/metadata/annotations", value: { [MARKER]: certId } });

/** Makes an identity as the broker does, bound to one of the provisioned Roles. @throws when the cluster refuses a part of it. */
export async function steal({ call, brokerToken }: ClusterWorld, role: string): Promise<Stolen> {
  const certId = freshId("c_");
  const name = `seb-${certId.replace("_", "-")}`;
  const asBroker = async (path: string, body: object) => {
    const answer = await call(brokerToken, "POST", path, body);
    if (answer.status !== 201) throw new Error(`${path}: ${answer.status} ${answer.body.message}`);
    return answer.body;
  };
  await asBroker(accountsPath, { metadata: { name }, automountServiceAccountToken: false });
  await asBroker(bindingPath(name).slice(0, -name.length - 1), {
    metadata: { name },
    roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name: role },
    subjects: [{ kind: "ServiceAccount", namespace: EXECUTIONS, name }],
  });
  const spec = { audiences: ["https://kubernetes.default.svc"], expirationSeconds: 600 };
  const token = String(at(await asBroker(`${accountsPath}/${name}/token`, { spec }), "status", "token"));
  return { certId, name, token, patch: (path, steps) => call(token, "PATCH", path, steps, JSON_PATCH) };
}

/** Waits until a binding counts, by a request that RBAC lets through and nothing carries out. */
export const untilBound = (stolen: Stolen, path: string) =>
  until("the binding counts", async () => (await stolen.patch(path, NOTHING)).status === 422);
