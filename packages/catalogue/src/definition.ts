import { isJson } from "@seb/canonical";
import type { ActionDefinition } from "@seb/schema";
import { type TemplateUse, useOf } from "./template.js";

/** What an action's operation template refers to. */
export function operationUse(definition: ActionDefinition): TemplateUse {
  // `operation` came through a JSON reader; this only tells the compiler.
  const operation: unknown = definition.operation;
  if (!isJson(operation)) throw new TypeError("operationUse: not plain JSON data");
  return useOf(operation);
}

/** Service variables in the pointers of the live fields. */
export function liveUse(definition: ActionDefinition): TemplateUse {
  return useOf(Object.fromEntries(Object.entries(definition.live).map(([name, { at }]) => [name, { at }])));
}

/** Own member of a map made from foreign text: never something inherited. */
export function member<T>(map: Readonly<Record<string, T>>, key: string): T | undefined {
  return Object.hasOwn(map, key) ? map[key] : undefined;
}
