// What the certified changes of these tests are about: services on a cluster, their objects, and who may ask.
import { copyFileSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parse, stringify } from "yaml";
import type { Proposal } from "./agent.js";
import { ROOT } from "./build.js";

export const NAMESPACE = "shop";
export const REGION = "us-east-1";
export const TARGET = "cluster";
export const MARKER = "seb.dev/certificate";
const ACTIONS = ["k8s-deploy", "k8s-scale", "k8s-restart", "k8s-config-key", "k8s-delete"];

export const imageOf = (service: string, digit: string) => `registry.example/${service}@sha256:${digit.repeat(64)}`;

/** Paths of a service's objects. */
export const pathsOf = (service: string) => ({
  deployment: `/apis/apps/v1/namespaces/${NAMESPACE}/deployments/${service}`,
  config: `/api/v1/namespaces/${NAMESPACE}/configmaps/${service}-settings`,
  job: `/apis/batch/v1/namespaces/${NAMESPACE}/jobs/${service}-migration`,
});

/** Bodies of a service's objects, by their path. */
export function objectsOf(service: string): Readonly<Record<string, object>> {
  const { deployment, config, job } = pathsOf(service);
  const container = { name: "app", image: imageOf(service, "a") };
  const labels = { app: service };
  return {
    [deployment]: {
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: { name: service },
      spec: {
        replicas: 5,
        selector: { matchLabels: labels },
        template: { metadata: { labels }, spec: { containers: [container] } },
      },
    },
    [config]: {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: `${service}-settings` },
      data: { LOG_LEVEL: "info", keep: "yes" },
    },
    [job]: {
      apiVersion: "batch/v1",
      kind: "Job",
      metadata: { name: `${service}-migration` },
      spec: { suspend: true, template: { spec: { restartPolicy: "Never", containers: [container] } } },
    },
  };
}

const serviceFile = (name: string) => ({
  ver: 1,
  name,
  owner: "team-shop",
  description: "A service on the cluster",
  image_repository: `registry.example/${name}`,
  source_repository: `https://git.example/shop/${name}`,
  tier: 1,
  regions: {
    [REGION]: {
      audience: "broker:dev",
      target: TARGET,
      values: {
        namespace: NAMESPACE,
        object: name,
        container: "app",
        config: `${name}-settings`,
        migration: `${name}-migration`,
      },
    },
  },
});

/** Changes of a cluster's objects that no image evidence is asked for. */
const POLICY = `@id("cluster-changes")
@rank("15")
permit (principal, action in [${ACTIONS.filter((name) => name !== "k8s-deploy")
  .map((name) => `Action::"${name}"`)
  .join(", ")}], resource)
when { context.live_fresh && context.tier <= 2 && !context.freeze };
`;

/** A date, so many days from now. */
export const dayFromNow = (days: number) => new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10);

/** A `protect.yaml` for every object of the services; `stranger` is excepted for Deployments, and who else is named. */
export function protectYaml(
  mode: "audit" | "deny",
  services: readonly string[],
  more: readonly { readonly principal: string; readonly reason: string; readonly expires: string }[] = [],
): string {
  const kind = (name: string, api_version: string, resource: string, own: object) => ({
    name,
    api_version,
    resource,
    namespaces: [NAMESPACE],
    level: "declared",
    mode,
    allow: [],
    ...own,
  });
  const allow = [{ principal: "stranger", reason: "writes between check and write", expires: dayFromNow(2) }, ...more];
  const jobs = { level: "strict", names: services.map((service) => `${service}-migration`) };
  return stringify({
    ver: 1,
    protect: [
      kind("deployments", "apps/v1", "deployments", { allow }),
      kind("settings", "v1", "configmaps", {}),
      kind("migrations", "batch/v1", "jobs", jobs),
    ],
  });
}

function changeYaml(path: string, change: (value: Record<string, unknown>) => unknown): void {
  writeFileSync(path, stringify(change(parse(readFileSync(path, "utf8")))));
}

/** Brings the example's actions, the services and a policy for them into the control folder, and the cluster into ceilings and targets. */
export function bringIn(seb: string, services: readonly string[], target: Readonly<Record<string, unknown>>): void {
  const control = join(seb, "control");
  const examples = join(ROOT, "examples", "kubernetes", "actions");
  for (const file of readdirSync(examples)) copyFileSync(join(examples, file), join(control, "actions", file));
  for (const name of services) writeFileSync(join(control, "services", `${name}.yaml`), stringify(serviceFile(name)));
  writeFileSync(join(control, "policy", "15-cluster-changes.cedar"), POLICY);
  changeYaml(join(control, "agents", "oncall-v3.yaml"), (agent) => ({
    ...agent,
    actions: [...(agent.actions as string[]), ...ACTIONS],
  }));
  changeYaml(join(seb, "ceilings.yaml"), (ceilings) => ({
    ...ceilings,
    actions: [...(ceilings.actions as string[]), ...ACTIONS],
    executions_per_hour: 10_000,
    executions_per_hour_per_resource: 10_000,
  }));
  changeYaml(join(seb, "targets.yaml"), (file) => ({
    ...file,
    targets: { ...(file.targets as object), [TARGET]: target },
  }));
}

/** What an agent asks for, and what it then presents the certificate with. */
export interface Change {
  readonly proposal: Proposal;
  readonly operation: {
    readonly action: string;
    readonly resource: string;
    readonly parameters: Readonly<Record<string, unknown>>;
  };
}

function change(
  action: string,
  service: string,
  parts: {
    readonly parameters?: Record<string, unknown>;
    readonly bounds?: Record<string, unknown>;
    readonly open?: Record<string, unknown>;
    readonly evidence?: readonly unknown[];
  },
): Change {
  const { parameters = {}, bounds = {}, open = {}, evidence = [] } = parts;
  const resource = `service:${service}/region:${REGION}`;
  return {
    proposal: { action, service, region: REGION, parameters, bounds, evidence },
    operation: { action, resource, parameters: { ...parameters, ...open } },
  };
}

/** The certified changes of a service. */
export const CHANGES = {
  scale: (service: string, replicas: number) =>
    change("k8s-scale", service, { bounds: { max_replicas: 20 }, open: { replicas } }),
  /** `evidence` attests the image. */
  deploy: (service: string, digest: string, evidence: readonly unknown[]) =>
    change("k8s-deploy", service, {
      parameters: { image_digest: digest },
      bounds: { max_replicas: 6 },
      open: { replicas: 5 },
      evidence,
    }),
  restart: (service: string, restarted_at: string) => change("k8s-restart", service, { parameters: { restarted_at } }),
  level: (service: string, level: string) =>
    change("k8s-config-key", service, { bounds: { levels: [level] }, open: { level } }),
  drop: (service: string) => change("k8s-delete", service, {}),
} as const;
