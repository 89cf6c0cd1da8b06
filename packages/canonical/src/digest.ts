import { createHash } from "node:crypto";
import { canonicalize } from "./canonicalize.js";
import type { Json } from "./json.js";

const PREFIX = /^[a-z0-9-]{1,64}$/;

/**
 * Digest of a value of one type: `"sha256:" + hex(SHA-256(prefix, 0x00, RFC 8785 text))`. The prefix keeps digests of
 * different types apart; the zero byte cannot occur in it, so no two pairs run together.
 *
 * @param prefix name and version of the type, e.g. `seb-contract-v1`: 1 to 64 characters of a-z, 0-9 and "-".
 * @throws TypeError for another prefix or a value that is not plain JSON data.
 */
export function digest(prefix: string, value: Json): string {
  if (!PREFIX.test(prefix)) throw new TypeError("digest: the prefix is not a type name");
  return `sha256:${createHash("sha256").update(`${prefix}\0`, "utf8").update(canonicalize(value), "utf8").digest("hex")}`;
}

/** `"sha256:" + hex(SHA-256(bytes))` of bytes as they are; a string stands for its UTF-8. */
export function digestBytes(bytes: Uint8Array | string): string {
  return `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
}
