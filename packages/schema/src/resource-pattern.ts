/**
 * The patterns that cover a resource, the resource itself first: in revocations and in ceilings, the service or the region may be `*`.
 * This is the one rule of what a pattern covers: a pattern covers a resource exactly when it is in this list. A text that does not have
 * the two parts of a resource is covered by itself and by the pattern for everything.
 */
export function patternsCovering(resource: string): readonly string[] {
  const [service, region, ...rest] = resource.split("/");
  const all = "service:*/region:*";
  if (service === undefined || region === undefined || rest.length > 0) return [resource, all];
  return [...new Set([resource, `service:*/${region}`, `${service}/region:*`, all])];
}
