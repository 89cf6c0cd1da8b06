import { base64urlDecode, type JsonObject, readJson } from "@seb/canonical";
import { fail, ok, type Result } from "@seb/schema";

/** The three decoded parts of a compact JWS (RFC 7515, section 7.1). */
export interface Segments {
  readonly header: Uint8Array;
  readonly payload: Uint8Array;
  readonly signature: Uint8Array;
}

const COMPACT = /^([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)$/;
const HEADER_MAX_DEPTH = 4;
const PAYLOAD_MAX_DEPTH = 32;

/**
 * Splits a compact JWS in its only spelling: size first, then alphabet, then base64url without padding or unused bits.
 *
 * @param maxBytes most characters; all of the alphabet are single bytes.
 */
export function splitCompact(token: string, maxBytes: number): Result<Segments, "token_too_large" | "token_malformed"> {
  if (typeof token !== "string") return fail("token_malformed", "The token is not text.");
  if (token.length > maxBytes) return fail("token_too_large", `The token is longer than ${maxBytes} bytes.`);
  const match = COMPACT.exec(token);
  const parts = match?.slice(1).map(base64urlDecode);
  const [header, payload, signature] = parts ?? [];
  if (header === undefined || payload === undefined || signature === undefined)
    return fail("token_malformed", "The token is not three canonical base64url segments.");
  return ok({ header, payload, signature });
}

/** Reads a header strictly; undefined when it is not one JSON object. */
export function readHeader(bytes: Uint8Array): JsonObject | undefined {
  return readObject(bytes, HEADER_MAX_DEPTH);
}

/** Reads a payload strictly; undefined when it is not one JSON object. */
export function readPayload(bytes: Uint8Array): JsonObject | undefined {
  return readObject(bytes, PAYLOAD_MAX_DEPTH);
}

function readObject(bytes: Uint8Array, maxDepth: number): JsonObject | undefined {
  const read = readJson(bytes, { maxBytes: bytes.length, maxDepth });
  if (!read.ok || !isObject(read.value)) return undefined;
  return read.value;
}

/** True for a JSON object, as opposed to an array, a scalar or null. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** True when `value` has exactly the members `names`. */
export function hasExactly(value: JsonObject, names: readonly string[]): boolean {
  return Object.keys(value).length === names.length && names.every((name) => Object.hasOwn(value, name));
}
