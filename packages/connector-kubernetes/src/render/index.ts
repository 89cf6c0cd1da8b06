// What a cluster needs before certificates can change it, made from the catalogue and the server's own description of its kinds.
import type { CertifiedPlan } from "@seb/connector";
import { ok, type Result } from "@seb/schema";
import type { KubernetesTarget } from "../targets.js";
import { brokerPolicies } from "./broker-policies.js";
import { executionWrites, kindGroups } from "./execution-writes.js";
import { exceptionsKind, guardConfig } from "./guard-config.js";
import { guard } from "./guards.js";
import { DEFAULT_LAYOUT, guardedNamespaces, type Layout } from "./layout.js";
import type { Manifest } from "./manifest.js";
import { objectsOf } from "./objects.js";
import type { OpenApi } from "./openapi.js";
import type { Protect } from "./protect.js";
import { brokerRights, executionRoles, foundation, janitorRights } from "./rights.js";

export { check } from "./check.js";
export { DEFAULT_LAYOUT, type Layout } from "./layout.js";
export { collectionOf, type Manifest, toYaml } from "./manifest.js";
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
