import type { Json } from "@seb/canonical";
import { isMap } from "./json.js";

// Keys of a precondition are printable ASCII of at most 200 characters, and one is `field:<pointer>`.
const POINTER = /^(?:\/(?:[!-.0-}]|~[01])+)+$/;
const MAX_LENGTH = 190;
const LISTS_OF_CONTAINERS = ["containers", "initContainers", "ephemeralContainers"];

/** Stands in a pointer for the index of the operation's container, in a list of containers. */
export const CONTAINER = "@";

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
 * A pointer (RFC 6901) to a certified field: printable ASCII, at most 190 characters, no empty token. `@` stands for the index of the
 * operation's container, right behind `containers`, `initContainers` or `ephemeralContainers`, and nowhere else.
 */
export function isPointer(value: unknown): value is string {
  if (typeof value !== "string" || value.length > MAX_LENGTH || !POINTER.test(value)) return false;
  const tokens = tokensOf(value);
  return tokens.every((token, index) => token !== CONTAINER || LISTS_OF_CONTAINERS.includes(tokens[index - 1] ?? ""));
}

/** The reference tokens of a pointer that {@link isPointer} accepts. */
export function tokensOf(pointer: string): readonly string[] {
  return pointer
    .slice(1)
    .split("/")
    .map((token) => token.replaceAll("~1", "/").replaceAll("~0", "~"));
}

/** A pointer from reference tokens. */
export function pointerOf(tokens: readonly string[]): string {
  return tokens.map((token) => `/${token.replaceAll("~", "~0").replaceAll("/", "~1")}`).join("");
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
