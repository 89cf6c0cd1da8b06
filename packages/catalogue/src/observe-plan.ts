import type { Json } from "@seb/canonical";
import { fail, ok, type Result } from "@seb/schema";
import type { Bundle } from "./bundle-contents.js";
import { member } from "./definition.js";
import { resourceOf } from "./resource.js";
import { serviceValue, templateOf } from "./service-values.js";
import { expand, type Lookup } from "./template.js";

/** What to look at before an action is proposed: what a connector's `observe` wants to know. */
export interface ObservePlan {
  readonly connector: string;
  readonly target: string;
  /** The operation template with service variables filled. Parameters are not known yet and stay as `{{parameters.x}}` or `{"$open": "x"}`. */
  readonly operation: Readonly<Record<string, unknown>>;
  readonly live: Readonly<Record<string, { at: string; show: boolean; previous?: boolean }>>;
  readonly resource: string;
  readonly audience: string;
}

/** Says which objects and fields matter to an action on a service in a region. */
export function observePlan(
  bundle: Pick<Bundle, "actions" | "services">,
  action: string,
  serviceName: string,
  regionName: string,
): Result<ObservePlan, "action_unknown" | "service_unknown" | "catalogue_invalid"> {
  const definition = bundle.actions.get(action);
  if (definition === undefined) return fail("action_unknown", "The bundle has no such action.", { pointer: "/action" });
  const service = bundle.services.get(serviceName);
  if (service === undefined) return fail("service_unknown", "The bundle has no such service.", { pointer: "/service" });
  const region = member(service.regions, regionName);
  if (region === undefined) return fail("service_unknown", "The service has no such region.", { pointer: "/region" });

  const missing = new Set<string>();
  const lookup: Lookup = (kind, name) => (kind === "service" ? serviceValue(service, regionName, name) : undefined);
  const operation = expand(templateOf(definition), lookup, missing);
  const live = Object.entries(definition.live).map(([name, { at, show, previous }]) => {
    const filled = String(expand(at, lookup, missing));
    return [name, { at: filled, show, ...(previous === undefined ? {} : { previous }) }] as const;
  });
  const lacking = [...missing].find((name) => name.startsWith("service."));
  if (lacking !== undefined || !isObject(operation)) {
    return fail("catalogue_invalid", `services/${serviceName}.yaml: /regions/${regionName}: no value for ${lacking}`, {
      facts: { file: `services/${serviceName}.yaml`, field: `/regions/${regionName}/values` },
    });
  }
  return ok({
    connector: definition.connector,
    target: region.target,
    operation,
    live: Object.fromEntries(live),
    resource: resourceOf(serviceName, regionName),
    audience: region.audience,
  });
}

function isObject(value: Json): value is { readonly [key: string]: Json } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
