import type { Socket } from "node:net";
import { type Code, type Failure, fail } from "@seb/schema";
import type { Exchange } from "./exchange.js";
import { NO_ROUTE, newRequestId } from "./exchange.js";
import { PROBLEM_TYPE, problem, problemHeaders } from "./problem.js";
import type { Shell } from "./shell.js";

const REASONS: Readonly<Record<number, string>> = {
  400: "Bad Request",
  405: "Method Not Allowed",
  408: "Request Timeout",
  431: "Request Header Fields Too Large",
};
const CLOSE_AFTER_MS = 1000;
const FINISH_WITHIN_MS = 10_000;

/** The failure behind an error of Node's HTTP parser or of its timers. */
export function parserFailure(errorCode: string | undefined): Failure {
  const of = (code: Code, detail: string) => fail(code, detail).error;
  if (errorCode === "HPE_HEADER_OVERFLOW") return of("http_headers_too_large", "the head is larger than 16 KB");
  if (errorCode === "ERR_HTTP_REQUEST_TIMEOUT") return of("http_timeout", "the request did not arrive in time");
  return of("http_malformed", "the bytes are not an HTTP/1.1 request");
}

/** A whole HTTP/1.1 answer as text, for connections on which no response object exists. */
export function rawAnswer(failure: Failure, requestId: string, headers: Readonly<Record<string, string>> = {}): string {
  const body = JSON.stringify(problem(failure, requestId));
  const { status } = problem(failure, requestId);
  const all: Record<string, string> = {
    date: new Date().toUTCString(),
    "content-type": PROBLEM_TYPE,
    "content-length": String(Buffer.byteLength(body)),
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    "x-request-id": requestId,
    connection: "close",
    ...problemHeaders(failure.code),
    ...headers,
  };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  return `HTTP/1.1 ${status} ${REASONS[status] ?? "Error"}\r\n${lines.join("")}\r\n${body}`;
}

/**
 * Answers what the parser refused. Requests on the same connection that had arrived in full keep their turn: their answers
 * go out first, so that this one cannot be taken for theirs.
 */
export async function answerParserError(
  shell: Shell,
  socket: Socket,
  failure: Failure,
  open: readonly Exchange[],
  headers: Readonly<Record<string, string>> = {},
): Promise<void> {
  const broken = open.find((exchange) => !exchange.request.complete);
  const requestId = broken?.requestId ?? newRequestId();
  const status = problem(failure, requestId).status;
  const startsNow = !(broken?.response.headersSent ?? false);
  const counted = broken === undefined ? undefined : broken.claim(status, failure.code);
  if (counted !== false) {
    const route = broken?.route ?? NO_ROUTE;
    shell.refused({ code: failure.code, requestId, route });
    if (broken === undefined) {
      shell.metrics.requests.inc({ route, status: String(status), code: failure.code });
      shell.log.info({ request_id: requestId, route, status, code: failure.code }, "request");
    }
  }
  await finished(open.filter((exchange) => exchange !== broken));
  if (socket.destroyed || !socket.writable || !startsNow || counted === false) {
    socket.destroy();
    return;
  }
  socket.end(rawAnswer(failure, requestId, headers));
  const timer = setTimeout(() => socket.destroy(), CLOSE_AFTER_MS);
  socket.once("close", () => clearTimeout(timer));
  socket.resume();
}

async function finished(exchanges: readonly Exchange[]): Promise<void> {
  if (exchanges.length === 0) return;
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, FINISH_WITHIN_MS);
  });
  const each = exchanges.map(({ response }) => {
    if (response.writableFinished || response.destroyed) return Promise.resolve();
    return new Promise<void>((resolve) => response.once("close", resolve));
  });
  await Promise.race([Promise.all(each), late]);
  clearTimeout(timer);
}
