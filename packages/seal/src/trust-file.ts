import { base64urlEncode, canonicalize, isJson, jwkThumbprint, readJson } from "@seb/canonical";
import { MAX_TOKEN_BYTES, TrustPayload, TYP_OF_ROLE, validate } from "@seb/schema";
import { CompactSign } from "jose";
import { type KeyFile, loadKey, publicOf } from "./key-file.js";

interface OwnerSignature {
  readonly protected: string;
  readonly signature: string;
}

async function signatureOf(payloadText: string, owner: KeyFile): Promise<OwnerSignature> {
  const loaded = await loadKey(owner, "owner");
  if (!loaded.ok) throw new TypeError("signTrust: not an owner's key file");
  const { kid, alg, key } = loaded.value;
  const compact = await new CompactSign(new TextEncoder().encode(payloadText))
    .setProtectedHeader({ alg, typ: TYP_OF_ROLE.owner, kid })
    .sign(key);
  const [header, , signature] = compact.split(".");
  if (header === undefined || signature === undefined) throw new TypeError("signTrust: not a compact JWS");
  return { protected: header, signature };
}

function signaturesOf(earlier: string, payload: string): readonly OwnerSignature[] {
  const read = readJson(earlier, { maxBytes: MAX_TOKEN_BYTES["seb-trust+json"], maxDepth: 8 });
  const value: unknown = read.ok ? read.value : undefined;
  if (typeof value !== "object" || value === null || !("payload" in value) || !("signatures" in value))
    throw new TypeError("signTrust: the earlier file is not a trust file");
  if (value.payload !== payload) throw new TypeError("signTrust: the earlier file has another payload");
  if (!Array.isArray(value.signatures)) throw new TypeError("signTrust: the earlier file has no signatures");
  return value.signatures.map((item: unknown) => {
    if (typeof item !== "object" || item === null || !("protected" in item) || !("signature" in item))
      throw new TypeError("signTrust: an earlier signature is malformed");
    if (typeof item.protected !== "string" || typeof item.signature !== "string")
      throw new TypeError("signTrust: an earlier signature is malformed");
    return { protected: item.protected, signature: item.signature };
  });
}

/**
 * Signs a trust payload with the given owners' keys: JWS general serialization (RFC 7515, section 7.2.1), the payload
 * written as RFC 8785, ending with a newline. Offline owners sign one after the other by passing the `earlier` file.
 *
 * @throws TypeError for a payload that does not fit its schema, an owner that it does not name, or an earlier file with
 *   another payload.
 */
export async function signTrust(payload: TrustPayload, owners: readonly KeyFile[], earlier?: string): Promise<string> {
  const valid = validate(TrustPayload, payload, "trust_invalid");
  if (!valid.ok || !isJson(payload)) throw new TypeError("signTrust: not a trust payload");
  const named = new Set(payload.owners.map(jwkThumbprint));
  if (owners.some((owner) => !named.has(publicOf(owner).kid)))
    throw new TypeError("signTrust: the payload does not name this owner");
  const text = canonicalize(payload);
  const encoded = base64urlEncode(new TextEncoder().encode(text));
  const added = await Promise.all(owners.map((owner) => signatureOf(text, owner)));
  const before = earlier === undefined ? [] : signaturesOf(earlier, encoded);
  const fresh = new Set(added.map((item) => item.protected));
  const signatures = [...before.filter((item) => !fresh.has(item.protected)), ...added];
  return `${JSON.stringify({ payload: encoded, signatures }, null, 2)}\n`;
}
