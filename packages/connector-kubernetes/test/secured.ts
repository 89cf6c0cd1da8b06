// A cluster as `seb infra render` leaves it: rights, policies and guards of one catalogue applied by an installer.
import type { CertifiedPlan } from "@seb/connector";
import { KubeClient } from "../src/client.js";
import type { Manifest, Protect } from "../src/render/index.js";
import { apiVersionsOf, collectionOf, readOpenApi, render } from "../src/render/index.js";
import { readKubernetesTargets } from "../src/targets.js";
import {
  type Change,
  deploying,
  deployment,
  IMAGE,
  IMAGE_AT,
  REPLICAS_AT,
  RESTART_AT,
  setting,
  soon,
} from "./change.js";
import { Cluster, EXECUTIONS, members, type Server, SYSTEM } from "./cluster.js";

export const SHOP = "shop";
export const NOW = Date.UTC(2026, 0, 1);
/** Bearers of the token file. */
export const TOKENS = [
  { token: "installer-token", user: "installer", groups: ["system:masters", "seb-installers"] },
  { token: "agent-token", user: "agent-oncall", groups: ["agents"] },
  { token: "argo-token", user: "argocd", groups: ["tools"] },
];
export const INSTALLER = "installer-token";
export const AGENT = "agent-token";
export const ARGO = "argo-token";

const config = (name: string) => ({ api_version: "v1", resource: "configmaps", namespace: SHOP, name });

/** Actions of the catalogue, on the objects of the shop. */
export const CHANGES = {
  deploy: deploying(SHOP),
  scale: setting(SHOP, { [REPLICAS_AT]: 5 }, { replicas: { at: REPLICAS_AT, show: true } }),
  restart: setting(SHOP, { [RESTART_AT]: "2026-01-01T00:00:00Z" }),
  level: change({ verb: "patch", ...config("settings"), set: { "/data/LOG_LEVEL": "debug" } }, "/data/LOG_LEVEL"),
  drop: change({ verb: "delete", ...config("leftover") }, "/data/keep"),
} as const;

function change(operation: Readonly<Record<string, unknown>>, at: string): Change {
  return { template: operation, filled: operation, live: { value: { at, show: true } } };
}

const template = (of: Change): Readonly<Record<string, unknown>> =>
  of === CHANGES.deploy
    ? {
        ...of.template,
        set: { [IMAGE_AT]: `${IMAGE.slice(0, -7)}{{parameters.image_digest}}`, [REPLICAS_AT]: { $open: "replicas" } },
      }
    : of === CHANGES.restart
      ? { ...of.template, set: { [RESTART_AT]: "{{parameters.at}}" } }
      : of === CHANGES.level
        ? { ...of.template, set: { "/data/LOG_LEVEL": { $open: "level" } } }
        : of === CHANGES.scale
          ? { ...of.template, set: { [REPLICAS_AT]: { $open: "replicas" } } }
          : of.template;

export const PLANS: readonly CertifiedPlan[] = Object.entries(CHANGES).map(([action, of]) => ({
  action,
  resource: "service:checkout/region:us-east-1",
  operation: template(of),
  live: of.live,
}));

export const configMap = (name: string) => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name },
  data: { LOG_LEVEL: "info", keep: "yes" },
});

/** A secured cluster with the shop in it, and the broker's token. */
export interface Secured {
  readonly cluster: Cluster;
  readonly brokerToken: string;
  readonly janitorToken: string;
  readonly manifests: readonly Manifest[];
  /** As an installer. */
  must(method: string, path: string, body?: unknown, type?: string): Promise<unknown>;
}

/** Makes the shop, renders and applies everything, and waits until the policies bite. */
export async function secure(server: Server, protect?: Protect): Promise<Secured> {
  const cluster = new Cluster({ ...server, adminToken: INSTALLER });
  await cluster.namespace(SHOP);
  await cluster.must("POST", `/apis/apps/v1/namespaces/${SHOP}/deployments`, deployment());
  for (const name of ["settings", "leftover", "other"])
    await cluster.must("POST", `/api/v1/namespaces/${SHOP}/configmaps`, configMap(name));
  const manifests = await rendered(cluster, protect);
  await apply(cluster, manifests);
  await untilPoliciesBite(cluster);
  return {
    cluster,
    manifests,
    brokerToken: await cluster.tokenOf(SYSTEM, "broker"),
    janitorToken: await cluster.tokenOf(SYSTEM, "janitor"),
    must: (method, path, body, type) => cluster.must(method, path, body, type),
  };
}

export async function rendered(cluster: Cluster, protect?: Protect): Promise<readonly Manifest[]> {
  const client = installerOf(cluster);
  const openApi = await readOpenApi(client, apiVersionsOf(PLANS, protect), soon());
  client.close();
  if (!openApi.ok) throw new Error(openApi.error.code);
  const input = { plans: PLANS, openApi: openApi.value, layout: { maxExecutions: 5000 }, nowMs: NOW };
  const made = render({ ...input, ...(protect === undefined ? {} : { protect }) });
  if (!made.ok) throw new Error(`${made.error.code}: ${made.error.detail}`);
  return made.value;
}

/** A client that comes in as an installer. */
export function installerOf(cluster: Cluster): KubeClient {
  const targets = readKubernetesTargets({
    cluster: {
      connector: "kubernetes",
      server: cluster.server.url,
      ca_file: cluster.server.caFile,
      token_file: cluster.file("installer", INSTALLER),
    },
  });
  const target = targets.ok ? targets.value.get("cluster") : undefined;
  if (target === undefined) throw new Error("no target");
  return new KubeClient(target);
}

/** In the order of the manifests. No quota controller runs, so its first count is written by hand. */
export async function apply(cluster: Cluster, manifests: readonly Manifest[]): Promise<void> {
  for (const manifest of manifests) {
    const path = collectionOf(manifest);
    const made = await cluster.must("POST", path, manifest);
    if (manifest.kind === "ResourceQuota") {
      const { hard } = members(members(made).spec);
      const used = Object.fromEntries(Object.keys(members(hard)).map((key) => [key, "0"]));
      await cluster.must("PUT", `${path}/${manifest.metadata.name}/status`, {
        ...members(made),
        status: { hard, used },
      });
    }
    if (manifest.kind === "CustomResourceDefinition") await until(() => served(cluster));
  }
}

const served = async (cluster: Cluster) =>
  (await cluster.admin("GET", "/apis/seb.dev/v1/guardexceptions")).status === 200;

/** The last of the policies is applied last: once it refuses, the others do. */
async function untilPoliciesBite(cluster: Cluster): Promise<void> {
  const masters = { impersonate: { "impersonate-user": "probe", "impersonate-group": "system:masters" } };
  await until(async () => {
    const dry = `/api/v1/namespaces/${SYSTEM}?dryRun=All`;
    const answer = await cluster.call(INSTALLER, "DELETE", dry, undefined, "application/json", masters.impersonate);
    return answer.status === 403;
  });
  await until(async () => {
    const dry = `/api/v1/namespaces/${EXECUTIONS}/configmaps?dryRun=All`;
    const answer = await cluster.call(INSTALLER, "POST", dry, configMap("probe"));
    return answer.status === 403;
  });
}

export async function until(holds: () => Promise<boolean>, withinMs = 15_000): Promise<void> {
  const end = Date.now() + withinMs;
  while (!(await holds())) {
    if (Date.now() > end) throw new Error("it did not come true in time");
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
