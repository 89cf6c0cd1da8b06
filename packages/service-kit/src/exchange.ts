import { randomBytes } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { BASE32_ID_RANDOM_BYTES, base32Id } from "@seb/canonical";
import { type Code, type Failure, fail } from "@seb/schema";
import type { HeaderTable } from "./headers.js";
import { PROBLEM_TYPE, type ProblemExtra, problem, problemHeaders } from "./problem.js";
import type { Answer } from "./route.js";
import type { Shell } from "./shell.js";
import type { Target } from "./target.js";

/** `route` of requests that reached none. */
export const NO_ROUTE = "none";
const LINGER_MS = 1000;
const LINGER_BYTES = 1_048_576;
const WRITE_TIMEOUT_MS = 10_000;

/** Target and headers of a request, checked. */
export interface AcceptedHead {
  readonly target: Target;
  readonly table: HeaderTable;
}

export function newRequestId(): string {
  return base32Id("r_", new Uint8Array(randomBytes(BASE32_ID_RANDOM_BYTES)));
}

/** One request and its answer: answered exactly once, counted and logged when it is. */
export class Exchange {
  readonly requestId = newRequestId();
  /** The route's path once it is known. */
  route = NO_ROUTE;
  /** The client waits for "100 Continue" before it sends its body. */
  expectsContinue = false;
  private answered = false;
  private head: AcceptedHead | undefined;
  private readonly startedMs: number;

  constructor(
    private readonly shell: Shell,
    readonly request: IncomingMessage,
    readonly response: ServerResponse,
  ) {
    this.startedMs = shell.clock.monotonicMs();
  }

  /** The head, once it has passed the shell's checks. */
  get accepted(): AcceptedHead {
    if (this.head === undefined) throw new Error("the head was not accepted");
    return this.head;
  }

  set accepted(head: AcceptedHead) {
    this.head = head;
  }

  /** Answers with a problem. `generic` refusals are the shell's own, of which the service is told. */
  refuse(failure: Failure, extra: ProblemExtra = {}, generic = true): void {
    if (this.answered) return;
    const body = problem(failure, this.requestId, extra);
    const headers = { ...problemHeaders(failure.code, this.shell.signerUrl), ...extra.headers };
    if (generic) this.shell.refused({ code: failure.code, requestId: this.requestId, route: this.route });
    this.send({ status: body.status, body, headers: { ...headers, "content-type": PROBLEM_TYPE } }, failure.code);
  }

  /** Answers for a bug: the error goes to the log under the request id and nowhere else. */
  fault(error: unknown): void {
    this.shell.log.error({ request_id: this.requestId, route: this.route, err: error }, "handler threw");
    this.refuse(fail("internal", "the service met a bug; the log has it under the request id").error);
  }

  /** Answers with what a handler returned. */
  send(answer: Answer, code: Code | "ok" = "ok"): void {
    if (!this.claim(answer.status, code)) return;
    const { response } = this;
    if (response.destroyed || response.headersSent) return;
    const text = typeof answer.body === "string" ? answer.body : JSON.stringify(answer.body);
    response.statusCode = answer.status;
    response.setHeader("content-type", "application/json");
    response.setHeader("cache-control", "no-store");
    response.setHeader("x-request-id", this.requestId);
    for (const [name, value] of Object.entries(answer.headers ?? {})) response.setHeader(name, value);
    response.setHeader("content-length", Buffer.byteLength(text));
    if (this.shell.draining()) response.setHeader("connection", "close");
    if (this.request.complete) this.finish(text);
    else this.sendEarly(text);
  }

  /** Marks the exchange as answered by other means, e.g. by the parser-level handler; false when it already was. */
  claim(status: number, code: Code | "ok"): boolean {
    if (this.answered) return false;
    this.answered = true;
    const ms = this.shell.clock.monotonicMs() - this.startedMs;
    this.shell.metrics.requests.inc({ route: this.route, status: String(status), code });
    this.shell.metrics.duration.observe({ route: this.route }, ms / 1000);
    const line = { request_id: this.requestId, route: this.route, status, code, ms: Math.round(ms * 10) / 10 };
    this.shell.log.info(line, "request");
    return true;
  }

  private finish(text: string): void {
    const { response } = this;
    // A client that does not read its answer may not hold the connection.
    const timer = setTimeout(() => response.destroy(), WRITE_TIMEOUT_MS);
    response.once("close", () => clearTimeout(timer));
    response.end(text);
  }

  /**
   * Answers before the request has arrived in full and cuts the rest off. Closing at once would reset the connection under
   * the client while it still sends, and the answer could be lost: so a little more is read and thrown away first.
   */
  private sendEarly(text: string): void {
    const { request, response } = this;
    response.setHeader("connection", "close");
    if (request.method === "HEAD") response.flushHeaders();
    else response.write(text);
    let dropped = 0;
    const close = () => {
      clearTimeout(timer);
      if (!response.writableEnded) response.end();
    };
    const timer = setTimeout(close, LINGER_MS);
    request.on("data", (chunk: Uint8Array) => {
      dropped += chunk.length;
      if (dropped > LINGER_BYTES) close();
    });
    request.once("end", close).once("close", close);
    request.resume();
  }
}
