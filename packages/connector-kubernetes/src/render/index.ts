// What a cluster needs before certificates can change it, made from the catalogue and the server's own description of its kinds.
import { fail, ok, type Result } from "@seb/schema";
import { KubeClient } from "../client.js";
import type { KubernetesTarget } from "../targets.js";
import { readKubernetesTargets } from "../targets.js";
import { brokerPolicies } from "./broker-policies.js";
import { executionWrites, kindGroups } from "./execution-writes.js";
import { exceptionsKind, guardConfig } from "./guard-config.js";
import { guard } from "./guards.js";
import { DEFAULT_LAYOUT, guardedNamespaces, type Layout } from "./layout.js";
import type { Manifest } from "./manifest.js";
import { type CertifiedPlan, objectsOf } from "./objects.js";
import type { OpenApi } from "./openapi.js";
import type { Protect } from "./protect.js";
import { brokerRights, executionRoles, foundation, janitorRights } from "./rights.js";

export type { KubeClient } from "../client.js";
export { check, type Finding } from "./check.js";
export { DEFAULT_LAYOUT, type Layout } from "./layout.js";
export { collectionOf, type Manifest, toYaml } from "./manifest.js";
export type { CertifiedPlan } from "./objects.js";
export { type OpenApi, readOpenApi } from "./openapi.js";
export { type Allowed, Protect, readProtect } from "./protect.js";

/** What is rendered, and for whom. */
export interface RenderInput {
  /** Every action on every service that goes to this cluster. */
  readonly plans: readonly CertifiedPlan[];
  /** Documents of every API version that occurs in plans and protections. */
  readonly openApi: OpenApi;
  readonly protect?: Protect;
  readonly layout?: Partial<Layout>;
  /** Roles that are not called as usual: from the target's entry. */
  readonly roles?: KubernetesTarget["roles"];
  /** Wall clock in milliseconds: exceptions that have ended are left out. */
  readonly nowMs: number;
}

/** API versions whose OpenAPI is needed to render. */
export function apiVersionsOf(plans: readonly CertifiedPlan[], protect?: Protect): readonly string[] {
  const ofPlans = plans.flatMap(({ operation }) =>
    typeof operation.api_version === "string" ? [operation.api_version] : [],
  );
  return [...new Set([...ofPlans, ...(protect?.protect ?? []).map(({ api_version }) => api_version)])].sort();
}

/**
 * Renders everything, in the order in which it has to be applied: namespaces, accounts and quota, rights, the kind of the exceptions, the
 * policies that hold broker and executions to the scheme, and the guards of `protect.yaml`. The same input gives the same manifests.
 */
export function render(input: RenderInput): Result<readonly Manifest[], "catalogue_invalid" | "setting_invalid"> {
  const layout = { ...DEFAULT_LAYOUT, ...input.layout };
  const objects = objectsOf(input.plans, input.roles ?? {});
  if (!objects.ok) return objects;
  const groups = kindGroups(objects.value, input.openApi);
  if (!groups.ok) return groups;
  const namespaces = guardedNamespaces(objects.value);
  const manifests: Manifest[] = [
    ...foundation(layout),
    ...executionRoles(objects.value),
    ...brokerRights(layout, objects.value),
    ...janitorRights(layout, objects.value),
    exceptionsKind(),
    ...brokerPolicies(layout),
  ];
  for (const group of groups.value) {
    const writes = executionWrites(layout, group);
    if (!writes.ok) return writes;
    manifests.push(...writes.value);
  }
  for (const protection of input.protect?.protect ?? []) {
    const guards = guard(layout, protection, objects.value, input.openApi, input.nowMs);
    if (!guards.ok) return guards;
    manifests.push(...guards.value);
  }
  return ok([...manifests, ...guardConfig(layout, namespaces)]);
}

/** What the target's entry of targets.yaml says about how it is rendered; `setting_invalid` as for the broker. */
export function readRenderSettings(
  name: string,
  entry: unknown,
): Result<Required<Pick<RenderInput, "layout" | "roles">>, "setting_invalid"> {
  const targets = readKubernetesTargets({ [name]: entry });
  if (!targets.ok) return targets;
  const target = targets.value.get(name);
  if (target === undefined) return fail("setting_invalid", "Not a Kubernetes target.");
  const { executionsNamespace, audience, roles } = target;
  return ok({ layout: { executionsNamespace, audience }, roles });
}

/** A client of one entry of targets.yaml, to read the OpenAPI and to check with. */
export function openCluster(name: string, entry: unknown): Result<KubeClient, "setting_invalid"> {
  const targets = readKubernetesTargets({ [name]: entry });
  if (!targets.ok) return targets;
  const target = targets.value.get(name);
  return target === undefined ? fail("setting_invalid", "Not a Kubernetes target.") : ok(new KubeClient(target));
}
