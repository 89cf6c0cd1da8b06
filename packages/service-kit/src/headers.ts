import type { IncomingMessage } from "node:http";
import { fail, ok, type Result } from "@seb/schema";

/** Headers that mean something here: each at most once, in printable ASCII. */
const SINGLE = new Set([
  "authorization",
  "connection",
  "content-encoding",
  "content-length",
  "content-type",
  "dpop",
  "expect",
  "host",
  "idempotency-key",
  "transfer-encoding",
]);
const PRINTABLE = /^[\t -~]*$/;
const HOST = /^[A-Za-z0-9._:[\]-]{1,255}$/;

/** All values of each header, by lower-case name: Node's own `headers` joins or drops duplicates. */
export type HeaderTable = ReadonlyMap<string, readonly string[]>;

export function headerTable(request: IncomingMessage): HeaderTable {
  const table = new Map<string, string[]>();
  for (let at = 0; at + 1 < request.rawHeaders.length; at += 2) {
    const name = (request.rawHeaders[at] ?? "").toLowerCase();
    const value = request.rawHeaders[at + 1] ?? "";
    const known = table.get(name);
    if (known === undefined) table.set(name, [value]);
    else known.push(value);
  }
  return table;
}

/** The value of a header that occurs once and is printable. */
export function singleHeader(table: HeaderTable, name: string): string | undefined {
  const values = table.get(name.toLowerCase());
  const value = values?.length === 1 ? values[0] : undefined;
  return value !== undefined && PRINTABLE.test(value) ? value : undefined;
}

/** Refuses duplicates and unprintable values of the headers above, a missing host, and codings other than `chunked`. */
export function checkHeaders(table: HeaderTable): Result<void, "header_invalid"> {
  const wrong = (name: string, what: string) =>
    fail("header_invalid", `the header ${name} ${what}`, { facts: { header: name } });
  for (const [name, values] of table) {
    if (!SINGLE.has(name)) continue;
    if (values.length > 1) return wrong(name, "is given twice");
    if (!PRINTABLE.test(values[0] ?? "")) return wrong(name, "holds bytes that are not printable ASCII");
  }
  const host = singleHeader(table, "host");
  if (host === undefined || !HOST.test(host)) return wrong("host", "is missing or malformed");
  const coding = singleHeader(table, "transfer-encoding");
  if (coding !== undefined && coding.toLowerCase() !== "chunked") return wrong("transfer-encoding", "is not chunked");
  return ok(undefined);
}
