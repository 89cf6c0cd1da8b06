// Alphabets of everything that reaches a path or a name of the API. Strict on purpose: what does not fit is refused, never escaped.
import { isBase32Id } from "@seb/canonical";

const LABEL = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
const SUBDOMAIN = /^[a-z0-9](?:[a-z0-9.-]{0,198}[a-z0-9])?$/;
const PLURAL = /^[a-z][a-z0-9]{0,62}$/;
const API_VERSION = /^(?:[a-z0-9](?:[a-z0-9.-]{0,98}[a-z0-9])?\/)?v[1-9][0-9]{0,2}(?:(?:alpha|beta)[1-9][0-9]{0,2})?$/;
const IDENTITY = /^seb-c-[a-z2-7]{26}$/;

/** Annotation of an object that names the certificate of its last certified change. */
export const MARKER = "seb.dev/certificate";

/** A namespace: a DNS label of at most 63 characters. */
export const isNamespace = (value: unknown): value is string => typeof value === "string" && LABEL.test(value);

/** Name of an object: a DNS subdomain of at most 200 characters. */
export const isObjectName = (value: unknown): value is string =>
  typeof value === "string" && SUBDOMAIN.test(value) && !value.includes("..");

/** Plural of a kind, as it stands in paths; subresources are none. */
export const isPlural = (value: unknown): value is string => typeof value === "string" && PLURAL.test(value);

/** `v1` or `group/v1`. */
export const isApiVersion = (value: unknown): value is string => typeof value === "string" && API_VERSION.test(value);

/** Name of the account and the binding of one execution: `seb-c-` and the 26 characters of the certificate id. */
export function identityName(certId: string): string | undefined {
  return isBase32Id("c_", certId) ? `seb-c-${certId.slice(2)}` : undefined;
}

/** True for a name that {@link identityName} gives. */
export const isIdentityName = (value: unknown): value is string => typeof value === "string" && IDENTITY.test(value);

/** Group of an apiVersion; empty for the core group. */
export function groupOf(apiVersion: string): string {
  const slash = apiVersion.indexOf("/");
  return slash < 0 ? "" : apiVersion.slice(0, slash);
}

/** A plain object with own keys: no array, no null. */
export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** True when `value` has no keys besides `allowed`. */
export function hasOnly(value: Readonly<Record<string, unknown>>, allowed: readonly string[]): boolean {
  return Object.keys(value).every((key) => allowed.includes(key));
}
