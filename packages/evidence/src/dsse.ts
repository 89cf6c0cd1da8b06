import { createPublicKey, verify } from "node:crypto";
import { readJson } from "@seb/canonical";
import { closed, type RootDefinition, validate } from "@seb/schema";
import { acceptableJwk } from "@seb/verify-core";
import Type from "typebox";

/** The payload type of in-toto statements in DSSE envelopes. */
export const IN_TOTO_PAYLOAD_TYPE = "application/vnd.in-toto+json";
const LIMITS = { maxBytes: 65_536, maxDepth: 32 };

const Base64 = Type.String({ maxLength: 65_536, pattern: "^[A-Za-z0-9+/_-]*={0,2}$" });
const Envelope = closed({
  payloadType: Type.String({ maxLength: 200 }),
  payload: Base64,
  signatures: Type.Array(closed({ keyid: Type.String({ maxLength: 128 }), sig: Base64 }), { minItems: 1, maxItems: 8 }),
});

/** A payload that one of the pinned roots signed. */
export interface OpenedEnvelope {
  readonly root: RootDefinition;
  readonly payload: Uint8Array;
}

/** Either alphabet of base64 (DSSE, section "Envelope"), but only in the spelling that its bytes encode to. */
function decode(text: string): Uint8Array | undefined {
  const standard = text.replaceAll("-", "+").replaceAll("_", "/");
  const bytes = Buffer.from(standard, "base64");
  const padded = bytes.toString("base64");
  return padded === standard || padded.replace(/=+$/, "") === standard ? new Uint8Array(bytes) : undefined;
}

/** Pre-authentication encoding of DSSE v1: what is really signed. */
export function preAuthenticationEncoding(payloadType: string, payload: Uint8Array): Uint8Array {
  const head = `DSSEv1 ${Buffer.byteLength(payloadType)} ${payloadType} ${payload.byteLength} `;
  return Buffer.concat([Buffer.from(head, "utf8"), payload]);
}

function holds(root: RootDefinition, signed: Uint8Array, signature: Uint8Array): boolean {
  if (!acceptableJwk(root.jwk).ok) return false;
  const key = createPublicKey({ key: { ...root.jwk }, format: "jwk" });
  // The algorithm follows from the pinned key; an envelope cannot choose one.
  return root.jwk.kty === "OKP"
    ? verify(null, signed, key, signature)
    : verify("sha256", signed, { key, dsaEncoding: "der" }, signature);
}

/**
 * Opens a DSSE envelope (JSON, at most 64 KB) when a pinned root signed it. `keyid` only selects among the roots; P-256 signatures are
 * DER, as DSSE signers write them.
 *
 * @returns the payload and its root, or the reason why the envelope proves nothing.
 */
export function openEnvelope(text: Uint8Array, roots: readonly RootDefinition[]): OpenedEnvelope | string {
  const json = readJson(text, LIMITS);
  if (!json.ok) return "the envelope is not strict JSON";
  const envelope = validate(Envelope, json.value, "request_invalid");
  if (!envelope.ok) return "the envelope is not a DSSE envelope";
  if (envelope.value.payloadType !== IN_TOTO_PAYLOAD_TYPE) return "the payload is not an in-toto statement";
  const payload = decode(envelope.value.payload);
  if (!payload) return "the payload is not base64";
  const signed = preAuthenticationEncoding(envelope.value.payloadType, payload);
  let known = false;
  for (const { keyid, sig } of envelope.value.signatures) {
    const signature = decode(sig);
    for (const root of roots) {
      if (root.keyid !== keyid || !signature) continue;
      known = true;
      if (holds(root, signed, signature)) return { root, payload };
    }
  }
  return known ? "the signature does not verify" : "no pinned root has the envelope's key id";
}
