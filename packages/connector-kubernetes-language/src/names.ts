// Alphabets of everything that reaches a path or a name of the API. Strict on purpose: what does not fit is refused, never escaped.

const LABEL = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
const SUBDOMAIN = /^[a-z0-9](?:[a-z0-9.-]{0,198}[a-z0-9])?$/;
const PLURAL = /^[a-z][a-z0-9]{0,62}$/;
const API_VERSION = /^(?:[a-z0-9](?:[a-z0-9.-]{0,98}[a-z0-9])?\/)?v[1-9][0-9]{0,2}(?:(?:alpha|beta)[1-9][0-9]{0,2})?$/;

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

/** Group of an apiVersion; empty for the core group. */
export function groupOf(apiVersion: string): string {
  const slash = apiVersion.indexOf("/");
  return slash < 0 ? "" : apiVersion.slice(0, slash);
}
