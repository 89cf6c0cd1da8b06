import type { CertifiedPlan, GuardCode, GuardRequest, Protection, Rendered, SweepRequest, Swept } from "@seb/connector";
import { isNamespace } from "@seb/connector-kubernetes-language";
import { fail, ok, type Result } from "@seb/schema";
import { KubeClient } from "./client.js";
import { sweepCluster } from "./janitor.js";
import { apiVersionsOf, check, type Manifest, readOpenApi, readProtect, render, toYaml } from "./render/index.js";
import { type KubernetesTarget, readKubernetesTargets } from "./targets.js";

/** What the protection of a cluster needs to know. */
export interface KubernetesProtectionOptions {
  /** Name of the target in targets.yaml. */
  readonly name: string;
  /** Its entry, with the credential of whoever guards: an installer's to render and check, the janitor's to sweep. */
  readonly entry: unknown;
}

/** Makes the guard of one cluster; `setting_invalid` when its entry is wrong. The cluster is not asked. */
export function createKubernetesProtection({
  name,
  entry,
}: KubernetesProtectionOptions): Result<Protection, "setting_invalid"> {
  const targets = readKubernetesTargets({ [name]: entry });
  if (!targets.ok) return targets;
  const target = targets.value.get(name);
  if (target === undefined) return fail("setting_invalid", "The entry is not one of a Kubernetes target.");
  const client = new KubeClient(target);
  return ok({
    name: "kubernetes",
    without: {},
    render: (request) => renderFor(client, target, request),
    check: async (request) => {
      const rendered = await renderFor(client, target, request);
      return rendered.ok ? check({ client, manifests: rendered.value.objects, signal: request.signal }) : rendered;
    },
    sweep: (request) => sweepFor(client, target, request),
    close: () => client.close(),
  });
}

/** The guard for the cluster's own description of its kinds. */
async function renderFor(
  client: KubeClient,
  { executionsNamespace, audience, roles }: KubernetesTarget,
  { plans, protect: content, nowMs, signal }: GuardRequest,
): Promise<Result<Rendered & { readonly objects: readonly Manifest[] }, GuardCode>> {
  const protect = content === undefined ? ok(undefined) : readProtect(content);
  if (!protect.ok) return protect;
  const openApi = await readOpenApi(client, apiVersionsOf(plans, protect.value), signal);
  if (!openApi.ok) return openApi;
  const objects = render({
    plans,
    openApi: openApi.value,
    nowMs,
    layout: { executionsNamespace, audience },
    roles,
    ...(protect.value === undefined ? {} : { protect: protect.value }),
  });
  return objects.ok ? ok({ objects: objects.value, text: toYaml(objects.value) }) : objects;
}

async function sweepFor(
  client: KubeClient,
  { executionsNamespace }: KubernetesTarget,
  { within, plans, olderThanMs, signal }: SweepRequest,
): Promise<Result<Swept, GuardCode>> {
  const namespaces = within ?? namespacesOf(plans);
  if (!namespaces.every(isNamespace))
    return fail("setting_invalid", "A place to sweep is not the name of a namespace.");
  const swept = await sweepCluster(client, executionsNamespace, namespaces, { olderThanMs, signal });
  if (!swept.ok) return swept;
  const { failed, ...removed } = swept.value;
  return ok({ removed, failed });
}

const namespacesOf = (plans: readonly CertifiedPlan[]): readonly string[] =>
  [...new Set(plans.map(({ operation }) => String(operation.namespace)))].sort();
