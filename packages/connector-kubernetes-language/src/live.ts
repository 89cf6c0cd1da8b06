import { type Looked, mistakeAt, pointerOf, type Read, readOr } from "@seb/connector-language";
import type { Mistake } from "@seb/schema";
import { wrongLook } from "./fields.js";
import type { KubernetesOperation } from "./operation.js";

/** Reads the live fields: pointers into the object of the operation, by name. */
export function readLive(
  live: Looked["live"],
  { container }: Pick<KubernetesOperation, "container">,
): Read<ReadonlyMap<string, string>> {
  const mistakes: Mistake[] = [];
  for (const [name, { at, previous }] of Object.entries(live)) {
    const field = `/live${pointerOf([name])}`;
    const wrong = wrongLook(at, container);
    if (wrong !== undefined) mistakes.push(mistakeAt(`${field}/at`, at, wrong));
    if (previous === true)
      mistakes.push(mistakeAt(`${field}/previous`, previous, "false: the API keeps no earlier values"));
  }
  return readOr(mistakes, () => new Map(Object.entries(live).map(([name, { at }]) => [name, at])));
}
