import { type Json, readJson } from "@seb/canonical";
import type { Deadline } from "@seb/concurrency";
import { CODES, fail, isCode, Problem, validate } from "@seb/schema";
import type { Static, TSchema } from "typebox";
import { Agent as Connections, type Dispatcher, request } from "undici";
import type { CallFailure, CallResult, ServiceName } from "./failure.js";

/** One HTTP request. */
export interface Call {
  readonly service: ServiceName;
  readonly method: "GET" | "POST";
  /** Absolute address. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** JSON text, sent as it is. */
  readonly body?: string;
}

interface RawAnswer {
  readonly status: number;
  readonly contentType: string;
  readonly bytes: Uint8Array;
}

/** How far a request has come. */
interface Progress {
  /** A connection stood and the request was about to be written to it: from here on, the service may have got it. */
  sent: boolean;
}

/** Passes everything on to `handler`, and notes when the transport begins to write the request. */
function noting(handler: Dispatcher.DispatchHandler, progress: Progress): Dispatcher.DispatchHandler {
  return new Proxy(handler, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name);
      if (typeof member !== "function") return member;
      return (...given: unknown[]) => {
        if (name === "onRequestStart" || name === "onConnect") progress.sent = true;
        return Reflect.apply(member, target, given);
      };
    },
  });
}

/** Connections of one client; destroyed with it. */
export interface Transport {
  call<S extends TSchema>(call: Call, answer: S, deadline: Deadline): Promise<CallResult<Static<S>>>;
  close(): Promise<void>;
}

const MAX_ANSWER_BYTES = 1_048_576;
const MAX_DEPTH = 32;
const CONNECT_TIMEOUT_MS = 3000;
const UNREACHABLE = new Set([
  "ECONNREFUSED",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "EADDRNOTAVAIL",
  "ETIMEDOUT",
  "UND_ERR_CONNECT_TIMEOUT",
]);

/** Opens a transport: no redirects, no retries, answers of at most 1 MB. */
export function createTransport(): Transport {
  const connections = new Connections({ connect: { timeout: CONNECT_TIMEOUT_MS }, pipelining: 0, connections: 4 });
  return {
    async call(call, answer, deadline) {
      const progress: Progress = { sent: false };
      const raw = await send(connections, call, deadline, progress);
      const outcome = raw.ok ? interpret(call, raw.value, answer) : raw;
      return outcome.ok || !progress.sent ? outcome : { ok: false, error: { ...outcome.error, sent: true } };
    },
    close: () => connections.destroy(),
  };
}

function failed(call: Call, code: "unreachable" | "no_answer" | "answer_invalid", detail: string): CallResult<never> {
  return { ok: false, error: { ...fail(code, `${call.service}: ${detail}`).error, service: call.service } };
}

function codeOf(error: unknown): string {
  // By shape, not by class: an error of another realm is no instance of this one's.
  const coded = typeof error === "object" && error !== null && "code" in error;
  return coded && typeof error.code === "string" ? error.code : "";
}

async function send(
  connections: Connections,
  call: Call,
  deadline: Deadline,
  progress: Progress,
): Promise<CallResult<RawAnswer>> {
  // The transport's own abort can lag behind, e.g. while a name is being resolved: the deadline does not wait for it.
  const outcome = await deadline.race(receive(connections, call, deadline, progress));
  return outcome.ok ? outcome.value : failed(call, "no_answer", "no answer in time");
}

async function receive(
  connections: Connections,
  call: Call,
  deadline: Deadline,
  progress: Progress,
): Promise<CallResult<RawAnswer>> {
  try {
    const answer = await request(call.url, {
      dispatcher: connections.compose((dispatch) => (options, handler) => dispatch(options, noting(handler, progress))),
      method: call.method,
      headers: { accept: "application/json, application/problem+json", ...call.headers },
      body: call.body ?? null,
      signal: deadline.signal,
      headersTimeout: 0,
      bodyTimeout: 0,
    });
    const chunks: Uint8Array[] = [];
    let size = 0;
    for await (const chunk of answer.body) {
      const bytes: Uint8Array = chunk;
      size += bytes.length;
      if (size > MAX_ANSWER_BYTES) return failed(call, "answer_invalid", "the answer is too large");
      chunks.push(bytes);
    }
    const type = answer.headers["content-type"];
    const contentType = (typeof type === "string" ? type : "").split(";")[0]?.trim().toLowerCase() ?? "";
    return {
      ok: true,
      value: { status: answer.statusCode, contentType, bytes: new Uint8Array(Buffer.concat(chunks)) },
    };
  } catch (error) {
    const code = codeOf(error);
    if (deadline.signal.aborted) return failed(call, "no_answer", "no answer in time");
    if (UNREACHABLE.has(code) && !progress.sent) return failed(call, "unreachable", `no connection (${code})`);
    if (/^(?:ERR_TLS|ERR_SSL|CERT_|SELF_SIGNED|UNABLE_TO|DEPTH_ZERO)/.test(code))
      return failed(call, "unreachable", "the server's identity cannot be verified");
    if (code.startsWith("HPE_") || code === "UND_ERR_RES_CONTENT_LENGTH_MISMATCH")
      return failed(call, "answer_invalid", "the answer is not HTTP");
    return failed(call, "no_answer", "the connection broke before the answer was complete");
  }
}

/** Reads an answer: 200 and 201 carry the expected shape, everything else must be one of our problems. */
function interpret<S extends TSchema>(call: Call, raw: RawAnswer, schema: S): CallResult<Static<S>> {
  const json = readJson(raw.bytes, { maxBytes: MAX_ANSWER_BYTES, maxDepth: MAX_DEPTH });
  if (!json.ok) return failed(call, "answer_invalid", `status ${raw.status} without readable JSON`);
  if (raw.contentType === "application/problem+json") return problemOf(call, raw.status, json.value);
  const good = (raw.status === 200 || raw.status === 201) && raw.contentType === "application/json";
  if (!good) return failed(call, "answer_invalid", `status ${raw.status} without a problem`);
  const valid = validate(schema, json.value, "answer_invalid");
  if (valid.ok) return valid;
  return failed(call, "answer_invalid", `the answer does not fit its schema at ${valid.error.pointer || "its root"}`);
}

function problemOf(call: Call, status: number, value: Json): CallResult<never> {
  const valid = validate(Problem, value, "answer_invalid");
  if (!valid.ok) return failed(call, "answer_invalid", `status ${status} with a malformed problem`);
  const problem = valid.value;
  if (!isCode(problem.code) || CODES[problem.code].status !== status)
    return failed(call, "answer_invalid", `status ${status} with a code that is not in the table`);
  const error: CallFailure = {
    code: problem.code,
    detail: problem.detail,
    ...(problem.pointer === undefined ? {} : { pointer: problem.pointer }),
    service: call.service,
    problem,
  };
  return { ok: false, error };
}
