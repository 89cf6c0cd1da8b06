import type { Json } from "@seb/canonical";
import { CONTAINER } from "@seb/connector-kubernetes-language";
import { tokensOf } from "@seb/connector-language";
import { isMap } from "./json.js";

/** Where a pointer leads in one object. */
export interface Place {
  /** Reference tokens, the container's index filled in. */
  readonly path: readonly string[];
  /** Undefined when the object has nothing there. */
  readonly value: Json | undefined;
  /** How many tokens lead to something that exists; all of them when `value` is defined. */
  readonly depth: number;
}

/**
 * Follows a pointer through an object. Lists are entered by the container's name only, since positions mean nothing: undefined when the
 * pointer leads through a list otherwise, through a scalar, or to a container that is not there.
 */
export function follow(root: Json, pointer: string, container: string | undefined): Place | undefined {
  const path: string[] = [];
  let value: Json | undefined = root;
  let depth = 0;
  for (const token of tokensOf(pointer)) {
    if (Array.isArray(value)) {
      const index: number | undefined = token === CONTAINER ? indexOfContainer(value, container) : undefined;
      if (index === undefined) return undefined;
      path.push(String(index));
      value = value[index];
    } else {
      if (value !== undefined && !isMap(value)) return undefined;
      path.push(token);
      value = value === undefined || !Object.hasOwn(value, token) ? undefined : value[token];
    }
    if (value !== undefined) depth += 1;
  }
  return { path, value, depth };
}

/** Index of the one container of that name; undefined when there is none, or several. */
export function indexOfContainer(list: readonly Json[], name: string | undefined): number | undefined {
  const found = list.flatMap((item, index) => (isMap(item) && item.name === name ? [index] : []));
  return name !== undefined && found.length === 1 ? found[0] : undefined;
}
