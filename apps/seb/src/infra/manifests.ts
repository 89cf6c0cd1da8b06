import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { readYaml } from "@seb/catalogue";
import type { CertifiedPlan, KubeClient, Manifest, Protect } from "@seb/connector-kubernetes/render";
import { fail, ok, type Result } from "@seb/schema";
import type { Invocation } from "../command.js";
import { type ClusterEntry, clusterOf } from "./cluster.js";
import { plansOf } from "./plans.js";

/** What is rendered for one cluster, and a connection to it. Close the connection. */
export interface Rendered {
  readonly client: KubeClient;
  readonly manifests: readonly Manifest[];
  readonly notApplicable: readonly string[];
}

/** The library that renders, loaded only when it is needed. */
const library = () => import("@seb/connector-kubernetes/render");

/** Renders from the control folder, the cluster's own description of its kinds, and `protect.yaml` where `--protect` names one. */
export async function manifestsOf(invocation: Invocation): Promise<Result<Rendered>> {
  const cluster = clusterOf(invocation);
  if (!cluster.ok) return cluster;
  const control = invocation.settings.get("control");
  if (!control.ok) return control;
  const planned = plansOf(control.value, cluster.value.name);
  if (!planned.ok) return planned;
  if (planned.value.plans.length === 0)
    return fail("catalogue_invalid", `no action of ${control.value} changes anything in ${cluster.value.name}`);
  const protect = await protectOf(invocation);
  if (!protect.ok) return protect;
  const { openCluster } = await library();
  const client = openCluster(cluster.value.name, cluster.value.entry);
  if (!client.ok) return client;
  const made = await renderWith(invocation, client.value, cluster.value, planned.value.plans, protect.value);
  if (made.ok) return ok({ client: client.value, manifests: made.value, notApplicable: planned.value.notApplicable });
  client.value.close();
  return made;
}

async function renderWith(
  { io, deadline }: Invocation,
  client: KubeClient,
  { name, entry }: ClusterEntry,
  plans: readonly CertifiedPlan[],
  protect: Protect | undefined,
): Promise<Result<readonly Manifest[]>> {
  const { apiVersionsOf, readOpenApi, readRenderSettings, render } = await library();
  const settings = readRenderSettings(name, entry);
  if (!settings.ok) return settings;
  const signal = deadline.signal;
  const openApi = await readOpenApi(client, apiVersionsOf(plans, protect), signal);
  if (!openApi.ok) return openApi;
  return render({
    plans,
    openApi: openApi.value,
    nowMs: io.nowMs(),
    ...settings.value,
    ...(protect === undefined ? {} : { protect }),
  });
}

async function protectOf({ flags, io }: Invocation): Promise<Result<Protect | undefined>> {
  if (typeof flags.protect !== "string") return ok(undefined);
  const path = resolve(io.cwd, flags.protect);
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch {
    return fail("setting_missing", `cannot open ${path}`);
  }
  const yaml = readYaml(text);
  if (!yaml.ok) return fail("setting_invalid", `${path} is not YAML`);
  const { readProtect } = await library();
  return readProtect(yaml.value);
}
