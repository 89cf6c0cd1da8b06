import serialize from "canonicalize";
import { isJson, type Json } from "./json.js";

/**
 * Writes a value as RFC 8785 (JCS): keys sorted by UTF-16 units, no white space, ECMAScript numbers.
 *
 * @throws TypeError when `value` is not plain JSON data (see `isJson`): a bug of the caller, never of the input.
 */
export function canonicalize(value: Json): string {
  if (!isJson(value)) throw new TypeError("canonicalize: not plain JSON data");
  const text = serialize(value);
  if (text === undefined) throw new TypeError("canonicalize: nothing to write");
  return text;
}
