import type { JsonObject } from "@seb/canonical";
import { fail, MAX_TOKEN_BYTES, ok, type Result, type Typ } from "@seb/schema";
import type { Alg } from "./public-key.js";
import { hasExactly, readHeader, readPayload, splitCompact } from "./segments.js";

/** What the gate can refuse with. */
export type GateCode =
  | "token_too_large"
  | "token_malformed"
  | "token_header_invalid"
  | "token_alg_not_allowed"
  | "token_typ_not_allowed";

/** A token in its only spelling whose header and payload were read strictly. Nothing about it is authentic yet. */
export class Gated {
  readonly #made = true;
  constructor(
    readonly token: string,
    readonly typ: Typ,
    readonly alg: Alg,
    readonly kid: string,
    readonly signatureBytes: number,
    readonly payload: JsonObject,
  ) {
    Object.freeze(this);
  }
  /** False for anything but an object of this class, whatever its type says. */
  static made(value: unknown): value is Gated {
    return typeof value === "object" && value !== null && #made in value && value.#made;
  }
}

const HEADER_MEMBERS = ["alg", "typ", "kid"] as const;
const KID = /^[A-Za-z0-9_-]{43}$/;

interface Header {
  readonly alg: Alg;
  readonly kid: string;
}

/** Checks a header object: exactly `{alg, typ, kid}`, so that `jwk`, `jku`, `x5u`, `crit`, `b64`, `zip`, ... never act. */
export function checkHeader(
  header: JsonObject | undefined,
  typ: Typ,
): Result<Header, "token_header_invalid" | "token_alg_not_allowed" | "token_typ_not_allowed"> {
  if (header === undefined || !hasExactly(header, HEADER_MEMBERS))
    return fail("token_header_invalid", "The header is not a strict JSON object of exactly alg, typ and kid.");
  if (header.alg !== "Ed25519" && header.alg !== "ES256")
    return fail("token_alg_not_allowed", "The header's alg is neither Ed25519 nor ES256.");
  if (header.typ !== typ) return fail("token_typ_not_allowed", `The header's typ is not ${typ}.`);
  if (typeof header.kid !== "string" || !KID.test(header.kid))
    return fail("token_header_invalid", "The header's kid is not a SHA-256 thumbprint.");
  return ok({ alg: header.alg, kid: header.kid });
}

/**
 * The one way in for every SEB token: size, alphabet, three canonical base64url segments, exact header, strict JSON
 * payload. Work is linear in the size, which `MAX_TOKEN_BYTES` bounds; no signature is looked at and nothing is fetched.
 */
export function gate(token: string, typ: Typ): Result<Gated, GateCode> {
  const segments = splitCompact(token, MAX_TOKEN_BYTES[typ]);
  if (!segments.ok) return segments;
  const header = checkHeader(readHeader(segments.value.header), typ);
  if (!header.ok) return header;
  const payload = readPayload(segments.value.payload);
  if (payload === undefined) return fail("token_malformed", "The payload is not a strict JSON object.");
  const { alg, kid } = header.value;
  return ok(new Gated(token, typ, alg, kid, segments.value.signature.length, payload));
}
