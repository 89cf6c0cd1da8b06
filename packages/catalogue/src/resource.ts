import { patternsCovering } from "@seb/schema";

const NAME = "[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?";
const RESOURCE = new RegExp(`^service:(${NAME})/region:(${NAME})$`);

/** The one spelling of a resource: `service:<service>/region:<region>`. */
export function resourceOf(service: string, region: string): string {
  return `service:${service}/region:${region}`;
}

/** Parts of a resource; undefined for any other spelling (case, trailing slash, look-alike letters, empty parts). */
export function parseResource(resource: string): { service: string; region: string } | undefined {
  const [, service, region] = RESOURCE.exec(resource) ?? [];
  return service === undefined || region === undefined ? undefined : { service, region };
}

/** True when `pattern`, whose service and region may each be `*`, covers `resource`. A malformed pattern or resource matches nothing. */
export function matchesPattern(pattern: string, resource: string): boolean {
  return parseResource(resource) !== undefined && patternsCovering(resource).includes(pattern);
}
