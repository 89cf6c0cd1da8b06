import { createHash } from "node:crypto";
import { type CertificateRequest, DIGESTS, type DigestType } from "@seb/schema";
import { canonicalize } from "./canonicalize.js";
import { isJson, type Json } from "./json.js";

/**
 * Digest of a value of one type: `"sha256:" + hex(SHA-256(prefix, 0x00, RFC 8785 text))`. The prefix keeps digests of
 * different types apart; the zero byte cannot occur in it, so no two pairs run together.
 *
 * @param type a type of the table {@link DIGESTS}, which has its prefix.
 * @throws TypeError for any other type or a value that is not plain JSON data.
 */
export function digest(type: DigestType, value: Json): string {
  if (!Object.hasOwn(DIGESTS, type)) throw new TypeError("digest: the type is not in the table");
  const { prefix } = DIGESTS[type];
  return `sha256:${createHash("sha256").update(`${prefix}\0`, "utf8").update(canonicalize(value), "utf8").digest("hex")}`;
}

/** Digest (`proposal`) of what is proposed: a request for a certificate without its observation, which is made again each time. */
export function proposalDigest(
  body: Omit<CertificateRequest, "observation"> & { readonly observation?: unknown },
): string {
  const { observation: _, ...proposal } = body;
  if (!isJson(proposal)) throw new TypeError("a validated request is JSON");
  return digest("proposal", proposal);
}

/** `"sha256:" + hex(SHA-256(bytes))` of bytes as they are; a string stands for its UTF-8. */
export function digestBytes(bytes: Uint8Array | string): string {
  return `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
}
