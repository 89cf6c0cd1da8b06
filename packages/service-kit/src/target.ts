import { fail, ok, type Result } from "@seb/schema";

export interface Target {
  readonly path: string;
  readonly query: URLSearchParams;
}

const MAX_LENGTH = 2048;
const PATH = /^(?:\/[A-Za-z0-9._~-]{0,128})+$/;
const QUERY = /^[A-Za-z0-9._~!$'()*+,;:@/?=&%-]*$/;

function wrong(detail: string): Result<never, "uri_invalid"> {
  return fail("uri_invalid", detail);
}

/**
 * Reads a request target in origin form (RFC 9112 section 3.2.1). Our paths need no escapes, dots as segments or empty
 * segments, so all of them are refused: what a proxy and a router could read differently never reaches a route.
 */
export function readTarget(raw: string): Result<Target, "uri_invalid"> {
  if (raw.length > MAX_LENGTH) return wrong(`the target is longer than ${MAX_LENGTH} characters`);
  const mark = raw.indexOf("?");
  const path = mark < 0 ? raw : raw.slice(0, mark);
  if (!PATH.test(path)) return wrong("the path holds characters that no path of this service has");
  const segments = path.slice(1).split("/");
  const tricky = segments.some((segment) => segment === "." || segment === "..") || segments.slice(0, -1).includes("");
  if (tricky) return wrong("the path has dots or nothing as a segment");
  return readQuery(path, mark < 0 ? "" : raw.slice(mark + 1));
}

function readQuery(path: string, raw: string): Result<Target, "uri_invalid"> {
  if (!QUERY.test(raw)) return wrong("the query holds characters that must be escaped");
  try {
    if (/[\u0000-\u001f\u007f]/.test(decodeURIComponent(raw))) return wrong("the query holds control characters");
  } catch {
    return wrong("the query's escapes are not UTF-8");
  }
  const query = new URLSearchParams(raw);
  const names = [...query.keys()];
  if (new Set(names).size !== names.length) return wrong("the query names a key twice");
  return ok({ path, query });
}

/** Refuses names that `allowed` does not list. */
export function checkQueryNames(query: URLSearchParams, allowed: readonly string[]): Result<void, "uri_invalid"> {
  for (const name of query.keys()) {
    if (allowed.includes(name)) continue;
    return wrong(allowed.length === 0 ? "this path takes no query" : `the query may hold: ${allowed.join(", ")}`);
  }
  return ok(undefined);
}
