import { randomBytes } from "node:crypto";
import { BASE32_ID_RANDOM_BYTES, base32Id, digest, readJson } from "@seb/canonical";
import type { Prover } from "@seb/seal";

/** What a request is to prove. */
export interface ProvenRequest {
  readonly method: "GET" | "POST";
  /** Absolute address; its query is not part of the proof (RFC 9449, section 4.2). */
  readonly url: string;
  readonly body?: string;
  readonly certificate?: string;
}

/** A fresh identifier: `prefix` and 130 random bits. */
export function freshId(prefix: string): string {
  return base32Id(prefix, new Uint8Array(randomBytes(BASE32_ID_RANDOM_BYTES)));
}

/** Digest of a body as its proof names it, prefix `seb-op-v1`. @throws TypeError when `body` is not JSON: a bug. */
export function operationDigest(body: string): string {
  const value = readJson(body, { maxBytes: 1_048_576, maxDepth: 64 });
  if (!value.ok) throw new TypeError("a request's body must be JSON");
  return digest("op", value.value);
}

/** Headers of a request: content type, certificate, and a proof of possession made for exactly this request. */
export async function provenHeaders(
  request: ProvenRequest,
  prover: Prover | undefined,
  nowMs: number,
): Promise<Record<string, string>> {
  const headers: Record<string, string> = {};
  if (request.body !== undefined) headers["content-type"] = "application/json";
  if (request.certificate !== undefined) headers.authorization = `DPoP ${request.certificate}`;
  if (prover === undefined) return headers;
  headers.dpop = await prover.prove({
    method: request.method,
    url: request.url.split("?")[0] ?? request.url,
    nowSeconds: Math.floor(nowMs / 1000),
    jti: freshId("j_"),
    ...(request.body === undefined ? {} : { op: operationDigest(request.body) }),
    ...(request.certificate === undefined ? {} : { accessToken: request.certificate }),
  });
  return headers;
}
