import { isJson, type Json } from "@seb/canonical";
import type { ActionDefinition, ServiceDefinition } from "@seb/schema";
import { member } from "./definition.js";

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
