import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import type { Json } from "@seb/canonical";
import { type ConnectorRig, connectorContract } from "@seb/connector/contract";
import { kubernetesLanguage, MARKER } from "@seb/connector-kubernetes-language";
import { leftOut, type RunningKube, startKube } from "@seb/testkit";
import {
  connect,
  contractOf,
  deploying,
  deployment,
  deploymentPath,
  NEW_IMAGE,
  newCertId,
  observed,
  opened,
  operationOf,
  soon,
} from "../test/change.js";
import { Cluster, EXECUTIONS } from "../test/cluster.js";
import { until } from "../test/secured.js";
import { isMap, members, textAt, valueAt } from "./json.js";

const suite = (await leftOut(["etcd", "kube-apiserver"])) === undefined ? describe : describe.skip;

suite("the Kubernetes connector", () => {
  let kube: RunningKube;
  let cluster: Cluster;
  let brokerToken = "";
  let rigs = 0;

  beforeAll(async () => {
    kube = await startKube({ audit: false });
    cluster = new Cluster(kube);
    brokerToken = await cluster.plainBroker();
  }, 15 * 60_000);
  afterAll(async () => {
    cluster?.close();
    await kube?.dispose();
  });

  async function start(): Promise<ConnectorRig> {
    rigs += 1;
    const namespace = `shop-${rigs}`;
    await prepare(cluster, namespace, brokerToken);
    const path = deploymentPath(namespace);
    const change = deploying(namespace);
    const connector = connect(cluster, brokerToken);
    let changes = 0;
    const merge = (patch: object, at = path) => cluster.must("PATCH", at, patch, "application/merge-patch+json");
    return {
      connector,
      language: kubernetesLanguage,
      look: { target: "cluster", operation: change.template, live: change.live },
      operation: operationOf(change),
      contract: (precondition) => contractOf(change, precondition),
      state: async () => plain(await cluster.must("GET", path)),
      changed,
      marked: async (certId) => textAt(await cluster.must("GET", path), "metadata", "annotations", MARKER) === certId,
      drift: async () => {
        changes += 1;
        await merge({ spec: { replicas: 20 + changes } });
      },
      unrelated: async () => {
        changes += 1;
        await merge({ status: { observedGeneration: changes } }, `${path}/status`);
        await merge({ metadata: { labels: { seen: `at-${changes}` } } });
      },
      stop: () => connector.close(),
    };
  }

  connectorContract("kubernetes", start);

  it.each([
    ["binding", (namespace: string) => `/apis/rbac.authorization.k8s.io/v1/namespaces/${namespace}/rolebindings`],
    ["account", () => `/api/v1/namespaces/${EXECUTIONS}/serviceaccounts`],
  ])("does not take a %s that a finalizer holds for recalled", async (_title, collection) => {
    const namespace = `held-${rigs}-${_title}`;
    await prepare(cluster, namespace, brokerToken);
    const connector = connect(cluster, brokerToken);
    const change = deploying(namespace);
    const contract = contractOf(change, (await observed(connector, change)).precondition);
    const certId = newCertId();
    await opened(connector, change, { certId, contract });
    const path = `${collection(namespace)}/seb-c-${certId.slice(2)}`;
    const hold = (finalizers: readonly string[]) =>
      cluster.must("PATCH", path, { metadata: { finalizers } }, "application/merge-patch+json");
    await hold(["example.com/stay"]);
    expect(await connector.recall(certId, contract, soon())).toMatchObject({ error: { code: "target_refused" } });
    await hold([]);
    expect(await connector.recall(certId, contract, soon())).toMatchObject({ ok: true });
    expect((await cluster.admin("GET", path)).status).toBe(404);
    await connector.close();
  });
});

/** Namespace, Deployment, Role, and what the broker may do there. */
async function prepare(cluster: Cluster, namespace: string, brokerToken: string): Promise<void> {
  await cluster.namespace(namespace);
  await cluster.must("POST", `/apis/apps/v1/namespaces/${namespace}/deployments`, deployment());
  const role = "seb-x-patch-deployments.apps-checkout";
  await cluster.role(namespace, role, [
    { apiGroups: ["apps"], resources: ["deployments"], resourceNames: ["checkout"], verbs: ["patch"] },
  ]);
  const rbac = "rbac.authorization.k8s.io";
  await cluster.role(namespace, "seb-broker", [
    { apiGroups: ["apps"], resources: ["deployments"], resourceNames: ["checkout"], verbs: ["get"] },
    { apiGroups: [rbac], resources: ["rolebindings"], verbs: ["create", "delete", "get"] },
    { apiGroups: [rbac], resources: ["roles"], resourceNames: [role], verbs: ["bind"] },
  ]);
  await cluster.bind(namespace, "seb-broker", "broker");
  // A new binding counts a moment later.
  await until(async () => (await cluster.call(brokerToken, "GET", deploymentPath(namespace))).status === 200);
}

/** What the object holds besides what the server counts, and besides the marker. */
function plain(object: Json): Json {
  const { managedFields, resourceVersion, generation, annotations, ...metadata } = members(valueAt(object, "metadata"));
  const { [MARKER]: _marker, ...kept } = members(annotations);
  return JSON.parse(JSON.stringify({ ...members(object), metadata: { ...metadata, annotations: kept } }));
}

function changed(before: Json): Json {
  const after = structuredClone(before);
  const spec = valueAt(after, "spec");
  const list = valueAt(after, "spec", "template", "spec", "containers");
  const app = Array.isArray(list) ? list[1] : undefined;
  if (!isMap(spec) || !isMap(app)) throw new Error("not a Deployment");
  Reflect.set(spec, "replicas", 7);
  Reflect.set(app, "image", NEW_IMAGE);
  return after;
}
