import type { IncomingMessage } from "node:http";
import { type Json, readJson } from "@seb/canonical";
import { type Code, fail, ok, type Result, validate } from "@seb/schema";
import { type HeaderTable, singleHeader } from "./headers.js";
import type { Route } from "./route.js";

export const DEFAULT_MAX_BODY_BYTES = 65_536;
const MAX_DEPTH = 32;
const JSON_TYPE = /^application\/json(?:\s*;\s*charset=(?:utf-8|"utf-8"))?$/i;

/** True when the head announces a body. */
export function announcesBody(table: HeaderTable): boolean {
  const length = singleHeader(table, "content-length");
  return table.has("transfer-encoding") || (length !== undefined && !/^0+$/.test(length));
}

/** What can be refused of a body before a byte of it is read. */
export function checkBodyHead(table: HeaderTable, route: Route): Result<void> {
  if (route.body === undefined) {
    return announcesBody(table) ? fail("body_unexpected", "this operation takes no body") : ok(undefined);
  }
  if (!announcesBody(table)) return fail("body_missing", "this operation takes a JSON body");
  if (table.has("content-encoding")) return fail("unsupported_media_type", "content encodings are not accepted");
  if (!JSON_TYPE.test(singleHeader(table, "content-type") ?? "")) {
    return fail("unsupported_media_type", "the content type must be application/json");
  }
  const length = Number(singleHeader(table, "content-length") ?? "0");
  return length > (route.maxBytes ?? DEFAULT_MAX_BODY_BYTES) ? tooLarge(route) : ok(undefined);
}

function tooLarge(route: Route): Result<never, "body_too_large"> {
  const maxBytes = route.maxBytes ?? DEFAULT_MAX_BODY_BYTES;
  return fail("body_too_large", `the body is larger than ${maxBytes} bytes`, { facts: { max_bytes: maxBytes } });
}

/** `gone` means that nobody is left to answer: the connection broke, or the parser has answered already. */
export type BodyOutcome =
  | { readonly kind: "gone" }
  | { readonly kind: "read"; readonly result: Result<Json | undefined> };

/**
 * Reads, parses and validates the body of a request whose head has passed {@link checkBodyHead}.
 * Reading stops at the first byte beyond the route's bound, and after `timeoutMs` milliseconds.
 */
export async function readBody(request: IncomingMessage, route: Route, timeoutMs: number): Promise<BodyOutcome> {
  const { body: schema } = route;
  if (schema === undefined) return { kind: "read", result: ok(undefined) };
  const maxBytes = route.maxBytes ?? DEFAULT_MAX_BODY_BYTES;
  const bytes = await collect(request, maxBytes, timeoutMs);
  if (bytes === "gone") return { kind: "gone" };
  const read = (result: Result<Json | undefined>): BodyOutcome => ({ kind: "read", result });
  if (bytes === "late") return read(fail("http_timeout", "the body did not arrive in time"));
  if (bytes === "large") return read(tooLarge(route));
  if (bytes.length === 0) return read(fail("body_missing", "the body is empty"));
  const parsed = readJson(bytes, { maxBytes, maxDepth: MAX_DEPTH });
  if (!parsed.ok) return read(parsed);
  const valid: Result<unknown, Code> = validate(schema, parsed.value, "request_invalid");
  return read(valid.ok ? parsed : valid);
}

function collect(
  request: IncomingMessage,
  maxBytes: number,
  timeoutMs: number,
): Promise<Uint8Array | "gone" | "late" | "large"> {
  return new Promise((resolve) => {
    const chunks: Uint8Array[] = [];
    let size = 0;
    const settle = (outcome: Uint8Array | "gone" | "late" | "large") => {
      clearTimeout(timer);
      request.off("data", onData).off("end", onEnd).off("close", onGone);
      request.pause();
      resolve(outcome);
    };
    const timer = setTimeout(() => settle("late"), timeoutMs);
    const onData = (chunk: Uint8Array) => {
      size += chunk.length;
      if (size > maxBytes) settle("large");
      else chunks.push(chunk);
    };
    const onEnd = () => settle(new Uint8Array(Buffer.concat(chunks, size)));
    const onGone = () => settle("gone");
    request.on("data", onData).on("end", onEnd).on("close", onGone);
  });
}
