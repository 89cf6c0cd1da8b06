import { tokensOf } from "@seb/connector-language";

// Keys of a precondition are printable ASCII of at most 200 characters, and one is `field:<pointer>`.
const POINTER = /^(?:\/(?:[!-.0-}]|~[01])+)+$/;
const MAX_LENGTH = 190;
const LISTS_OF_CONTAINERS = ["containers", "initContainers", "ephemeralContainers"];

/** Stands in a pointer for the index of the operation's container, in a list of containers. */
export const CONTAINER = "@";

/**
 * A pointer (RFC 6901) to a certified field: printable ASCII, at most 190 characters, no empty token. `@` stands for the index of the
 * operation's container, right behind `containers`, `initContainers` or `ephemeralContainers`, and nowhere else.
 */
export function isPointer(value: unknown): value is string {
  if (typeof value !== "string" || value.length > MAX_LENGTH || !POINTER.test(value)) return false;
  const tokens = tokensOf(value);
  return tokens.every((token, index) => token !== CONTAINER || LISTS_OF_CONTAINERS.includes(tokens[index - 1] ?? ""));
}

/** What is expected where {@link isPointer} is false. */
export const A_POINTER =
  "an RFC 6901 pointer of at most 190 printable ASCII characters, with @ only right behind a list of containers";

/** True when a pointer goes through the operation's container. */
export const isInContainer = (pointer: string): boolean => tokensOf(pointer).includes(CONTAINER);
