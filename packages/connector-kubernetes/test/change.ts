// One certified change of one Deployment through the connector, for the tests of this package.
import { BASE32_ID_RANDOM_BYTES, base32Id, type Json } from "@seb/canonical";
import type { Connector, ExecuteResult, ObserveRequest, Session } from "@seb/connector";
import type { Contract, LiveState, Operation } from "@seb/schema";
import { createKubernetesConnector } from "../src/index.js";
import { type Cluster, EXECUTIONS } from "./cluster.js";

export const IMAGE = "registry.example/checkout@sha256:";
export const OLD_IMAGE = `${IMAGE}${"a".repeat(64)}`;
export const NEW_IMAGE = `${IMAGE}${"b".repeat(64)}`;
export const IMAGE_AT = "/spec/template/spec/containers/@/image";
export const REPLICAS_AT = "/spec/replicas";
export const RESTART_AT = "/spec/template/metadata/annotations/kubectl.kubernetes.io~1restartedAt";
export const LIVE = { image: { at: IMAGE_AT, show: true }, replicas: { at: REPLICAS_AT, show: true } };

export const always = async (): Promise<boolean> => true;
export const soon = (timeoutMs = 20_000): AbortSignal => AbortSignal.timeout(timeoutMs);

export function newCertId(): string {
  return base32Id("c_", crypto.getRandomValues(new Uint8Array(BASE32_ID_RANDOM_BYTES)));
}

export function deployment(name = "checkout", annotations?: object): object {
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name, ...(annotations === undefined ? {} : { annotations }) },
    spec: {
      replicas: 3,
      selector: { matchLabels: { app: name } },
      template: {
        metadata: { labels: { app: name } },
        spec: {
          containers: [
            { name: "proxy", image: "registry.example/proxy:1" },
            { name: "app", image: OLD_IMAGE, env: [{ name: "MODE", value: "live" }] },
          ],
        },
      },
    },
  };
}

export const deploymentPath = (namespace: string, name = "checkout"): string =>
  `/apis/apps/v1/namespaces/${namespace}/deployments/${name}`;

/** An action on one object of one namespace. */
export interface Change {
  readonly template: Readonly<Record<string, unknown>>;
  readonly filled: Readonly<Record<string, unknown>>;
  readonly live: ObserveRequest["live"];
}

const object = (namespace: string) => ({
  api_version: "apps/v1",
  resource: "deployments",
  namespace,
  name: "checkout",
});

/** Deploys an image by its digest, with a number of replicas. */
export function deploying(namespace: string): Change {
  const base = { verb: "patch", ...object(namespace), container: "app" };
  return {
    template: { ...base, set: { [IMAGE_AT]: NEW_IMAGE, [REPLICAS_AT]: { $open: "replicas" } } },
    filled: { ...base, set: { [IMAGE_AT]: NEW_IMAGE, [REPLICAS_AT]: 7 } },
    live: LIVE,
  };
}

/** Sets fields of the Deployment. */
export function setting(
  namespace: string,
  set: Readonly<Record<string, unknown>>,
  live: ObserveRequest["live"] = {},
): Change {
  const template = { verb: "patch", ...object(namespace), container: "app", set };
  return { template, filled: template, live };
}

export function contractOf(
  { template }: Pick<Change, "template">,
  precondition: Contract["precondition"],
  more: Partial<Contract> = {},
): Contract {
  return {
    ver: 1,
    action: "k8s-deploy",
    resource: "service:checkout/region:us-east-1",
    audience: "broker:dev",
    connector: "kubernetes",
    target: "cluster",
    operation: template,
    open: { replicas: { type: "integer", minimum: 1, maximum: 12 } },
    precondition,
    reconcile: "exact",
    identity: "minted",
    timeout_seconds: 30,
    ...more,
  };
}

export const operationOf = ({ filled }: Pick<Change, "filled">): Operation => ({
  connector: "kubernetes",
  target: "cluster",
  operation: filled,
});

/** A connector to one cluster as `cluster`. */
export function connect(
  cluster: Cluster,
  brokerToken: string,
  more: { readonly target?: object; readonly writeTimeoutSeconds?: number; readonly nowMs?: () => number } = {},
): Connector {
  const { target, ...options } = more;
  const made = createKubernetesConnector({
    targets: {
      cluster: {
        connector: "kubernetes",
        server: cluster.server.url,
        ca_file: cluster.server.caFile,
        token_file: cluster.file(`token-${newCertId()}`, `${brokerToken}\n`),
        executions_namespace: EXECUTIONS,
        ...target,
      },
    },
    writeTimeoutSeconds: 1,
    ...options,
  });
  if (!made.ok) throw new Error(`${made.error.code} ${made.error.pointer}`);
  return made.value;
}

export async function observed(connector: Connector, change: Change): Promise<LiveState> {
  const seen = await connector.observe({
    target: "cluster",
    operation: change.template,
    live: change.live,
    signal: soon(),
  });
  if (!seen.ok) throw new Error(`observe: ${seen.error.code}: ${seen.error.detail}`);
  return seen.value;
}

/** Opens a session upon what is seen now. */
export async function opened(
  connector: Connector,
  change: Change,
  more: { readonly certId?: string; readonly contract?: Contract } = {},
): Promise<Session> {
  const contract = more.contract ?? contractOf(change, (await observed(connector, change)).precondition);
  const session = await connector.open({
    cert_id: more.certId ?? newCertId(),
    subject: "agent:oncall-v3",
    contract,
    operation: operationOf(change),
    fence: 1,
    not_after_ms: Date.now() + 60_000,
    signal: soon(),
  });
  if (!session.ok) throw new Error(`open: ${session.error.code}: ${session.error.detail}`);
  return session.value;
}

/** Observes, opens, executes and recalls, as a broker does. */
export async function carryOut(connector: Connector, change: Change, certId = newCertId()): Promise<ExecuteResult> {
  const contract = contractOf(change, (await observed(connector, change)).precondition);
  const session = await opened(connector, change, { certId, contract });
  const result = await session.execute(always);
  const recalled = await connector.recall(certId, contract, soon());
  if (!recalled.ok) throw new Error(`recall: ${recalled.error.code}`);
  return result;
}

export type { Json };
