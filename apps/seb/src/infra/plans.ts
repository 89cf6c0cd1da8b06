import { type Bundle, observePlan, openBundle } from "@seb/catalogue";
import type { CertifiedPlan } from "@seb/connector";
import { ok, type Result } from "@seb/schema";
import { packFolder } from "../control-folder.js";
import type { TargetEntry } from "./protections.js";

/** What the catalogue lets certificates do to one target, and which actions have nothing to do on which resources there. */
export interface TargetPlans {
  readonly plans: readonly CertifiedPlan[];
  /** `<action> <resource>`: the service lacks a value that the action needs. */
  readonly notApplicable: readonly string[];
}

/** Every action of the target's connector on every service and region of a control folder that goes to the target. */
export function plansOf(controlFolder: string, target: TargetEntry): Result<TargetPlans> {
  const packed = packFolder(controlFolder);
  if (!packed.ok) return packed;
  const bundle = openBundle(packed.value.text, packed.value.digest);
  if (!bundle.ok) return bundle;
  const plans: CertifiedPlan[] = [];
  const notApplicable: string[] = [];
  for (const { action, service, region } of placesOf(bundle.value, target)) {
    const plan = observePlan(bundle.value, action, service, region);
    if (!plan.ok) notApplicable.push(`${action} service:${service}/region:${region}`);
    else plans.push({ action, resource: plan.value.resource, operation: plan.value.operation, live: plan.value.live });
  }
  return ok({ plans, notApplicable });
}

function placesOf(bundle: Bundle, { name, entry }: TargetEntry) {
  const actions = [...bundle.actions.values()].filter(({ connector }) => connector === entry.connector);
  return [...bundle.services.values()].flatMap((service) =>
    Object.entries(service.regions)
      .filter(([, region]) => region.target === name)
      .flatMap(([region]) => actions.map((action) => ({ action: action.name, service: service.name, region }))),
  );
}
