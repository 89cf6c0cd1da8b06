import { readFileSync } from "node:fs";
import { base64urlDecode, jwkThumbprint, readJson } from "@seb/canonical";
import { fail, ok, type Result, TrustKey, TrustPayload, validate } from "@seb/schema";
import { type KeyFile, publicOf, signTrust } from "@seb/seal";
import { verifyTrust } from "@seb/verify-core";
import type { Pins } from "./trust-file.js";
import { writeWhole } from "./write-file.js";

const LIMITS = { maxBytes: 262_144, maxDepth: 16 };
const DAY_SECONDS = 86_400;
/** Clocks differ a little. */
const EARLIER_SECONDS = 60;

/** The payload of a trust file, without looking at its signatures: whoever signs the next version reads it first. */
export function readPayload(path: string): Result<{ readonly payload: TrustPayload; readonly text: string }> {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch {
    return fail("setting_missing", `cannot open ${path}`);
  }
  const outer = readJson(text, LIMITS);
  const encoded = outer.ok ? new Map<string, unknown>(Object.entries(outer.value ?? {})).get("payload") : undefined;
  const bytes = typeof encoded === "string" ? base64urlDecode(encoded) : undefined;
  const inner = bytes === undefined ? undefined : readJson(bytes, LIMITS);
  if (inner?.ok !== true) return fail("trust_invalid", `${path} is not a trust file`);
  const payload = validate(TrustPayload, inner.value, "trust_invalid");
  return payload.ok ? ok({ payload: payload.value, text }) : payload;
}

/** The entry of a key: its public half, its owner, whom it serves and how long. */
export function entryOf(key: KeyFile, audience: string, days: number, nowSeconds: number): Result<TrustKey> {
  const entry = {
    ...publicOf(key),
    role: key.role,
    name: key.name,
    aud: audience,
    nbf: nowSeconds - EARLIER_SECONDS,
    exp: nowSeconds + days * DAY_SECONDS,
  };
  const valid = validate(TrustKey, entry, "usage");
  return valid.ok ? valid : fail("usage", `a key of the role ${key.role} does not stand in a trust file`);
}

/** The next version with a key added. */
export function withKey(payload: TrustPayload, entry: TrustKey, nowSeconds: number): Result<TrustPayload> {
  if (payload.keys.some(({ kid }) => kid === entry.kid))
    return fail("trust_invalid", "the key stands in the file already");
  return ok({ ...payload, version: payload.version + 1, iat: nowSeconds, keys: [...payload.keys, entry] });
}

/** The next version in which a key takes the place of its owner's earlier ones, which end after `overlapSeconds`. */
export function withRotation(
  payload: TrustPayload,
  entry: TrustKey,
  overlapSeconds: number,
  nowSeconds: number,
): Result<TrustPayload> {
  const end = nowSeconds + overlapSeconds;
  const isEarlier = ({ role, name }: TrustKey) => role === entry.role && name === entry.name;
  if (!payload.keys.some(isEarlier))
    return fail("trust_invalid", "that owner has no key of this role to take the place of");
  // Record keys stay as long as they were to be: the records that they signed must go on verifying.
  const keys = payload.keys.map((key) =>
    isEarlier(key) && key.role !== "record" ? { ...key, exp: Math.min(key.exp, end) } : key,
  );
  return withKey({ ...payload, keys }, entry, nowSeconds);
}

/** What became of a draft that was signed. */
export interface Signed {
  readonly version: number;
  /** True when enough owners signed: the file can be installed. */
  readonly complete: boolean;
}

/** Signs a payload with the owners' keys at hand, adds the signatures of an `earlier` file, writes the result. */
export async function signAndWrite(
  payload: TrustPayload,
  owners: readonly KeyFile[],
  to: { readonly path: string; readonly pins: Pins; readonly nowSeconds: number; readonly earlier?: string },
): Promise<Result<Signed>> {
  const named = new Set(payload.owners.map(jwkThumbprint));
  if (owners.some((owner) => !named.has(publicOf(owner).kid)))
    return fail("trust_invalid", "the trust file does not name that owner");
  const text = await signTrust(payload, owners, to.earlier);
  const verified = await verifyTrust(text, { ...to.pins, minVersion: payload.version }, to.nowSeconds);
  if (!verified.ok && verified.error.code !== "trust_threshold") return verified;
  writeWhole(to.path, text);
  return ok({ version: payload.version, complete: verified.ok });
}
