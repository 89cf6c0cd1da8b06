import { isJson, type Json } from "@seb/canonical";
import type { ActionDefinition, ServiceDefinition } from "@seb/schema";
import { member } from "./definition.js";

/** Variables that every service has without naming them in its values. */
export const BUILT_IN: readonly string[] = ["name", "region", "image_repository"];

/** True for a service variable that no region's `values` may hold. */
export function isBuiltIn(name: string): boolean {
  return BUILT_IN.includes(name);
}

/** Pointer to the value of a service variable, in the service's file. */
export function fieldOf(name: string, region: string): string {
  if (name === "region") return `/regions/${region}`;
  return isBuiltIn(name) ? `/${name}` : `/regions/${region}/values/${name}`;
}

/** Value of a service variable in one region: built in, or one of the region's `values`. */
export function serviceValue(service: ServiceDefinition, region: string, name: string): string | undefined {
  if (name === "name") return service.name;
  if (name === "region") return region;
  if (name === "image_repository") return service.image_repository;
  return member(member(service.regions, region)?.values ?? {}, name);
}

/** The action's operation template as the JSON data it was read from. */
export function templateOf(definition: ActionDefinition): Json {
  const template: unknown = definition.operation;
  if (!isJson(template)) throw new TypeError("templateOf: not plain JSON data");
  return template;
}
