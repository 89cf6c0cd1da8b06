import type { TakeRequest } from "@seb/authority";
import { matchesPattern } from "@seb/catalogue";
import { type Ceilings, type CertificateClaims, fail, ok, type Result } from "@seb/schema";

/** The platform's static bounds: they hold whatever a signer signed. Rates are counted by `take`. */
export function checkCeilings(ceilings: Ceilings, claims: CertificateClaims): Result<void, "ceiling_exceeded"> {
  const refuse = (what: string) =>
    fail("ceiling_exceeded", `outside the ceiling for ${what}`, { facts: { ceiling: what } });
  if (!ceilings.actions.includes(claims.action)) return refuse("actions");
  if (!ceilings.resources.some((pattern) => matchesPattern(pattern, claims.resource))) return refuse("resources");
  if (!ceilings.subjects.some((pattern) => pattern === claims.sub || pattern === "agent:*")) return refuse("subjects");
  if (claims.tier > ceilings.max_tier) return refuse("max_tier");
  if (claims.exp - claims.iat > ceilings.max_lifetime_seconds) return refuse("max_lifetime_seconds");
  return ok(undefined);
}

/** Executions per hour, in all and per resource, as counters for `take`. */
export function rateCeilings(ceilings: Ceilings, resource: string): TakeRequest["ceilings"] {
  return [
    { key: "executions", limit: ceilings.executions_per_hour, window_seconds: 3600 },
    { key: `executions:${resource}`, limit: ceilings.executions_per_hour_per_resource, window_seconds: 3600 },
  ];
}
