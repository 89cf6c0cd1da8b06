import { connect } from "node:net";

/** Longest wait for an answer: longer than any timeout of the services. */
const TIMEOUT_MS = 25_000;
/** How long a connection that stays open after its answers may add another one. */
const IDLE_MS = 60;

/**
 * Sends bytes and gathers the answers.
 * @returns `{answers: [{status, headers, body}], rest: Buffer, end: "closed" | "enough" | "timeout" | "reset"}`
 */
export function exchange(port, request) {
  return new Promise((resolve) => {
    const socket = connect({ port, host: "127.0.0.1" });
    let received = Buffer.alloc(0);
    let idle;
    let paused;
    const finish = (end) => {
      clearTimeout(timer);
      clearTimeout(idle);
      clearTimeout(paused);
      socket.destroy();
      resolve({ ...parse(received, request.head === true), end });
    };
    const timer = setTimeout(() => finish("timeout"), TIMEOUT_MS);
    socket.on("connect", () => {
      if (request.cutAt === undefined) {
        send(request.bytes, request.cut);
        return;
      }
      socket.write(request.bytes.subarray(0, request.cutAt));
      paused = setTimeout(() => send(request.bytes.subarray(request.cutAt), false), request.slowMs);
    });
    const send = (bytes, cut) => {
      if (cut) socket.end(bytes);
      else socket.write(bytes);
    };
    socket.on("data", (chunk) => {
      received = Buffer.concat([received, chunk]);
      clearTimeout(idle);
      const { answers, rest } = parse(received, request.head === true);
      if (request.answers > 0 && answers.length >= request.answers && rest.length === 0)
        idle = setTimeout(() => finish("enough"), IDLE_MS);
    });
    socket.on("error", () => finish("reset"));
    socket.on("close", () => finish("closed"));
  });
}

/** Whole answers at the beginning of what was received. Interim answers (1xx) are left out. */
function parse(bytes, head) {
  const answers = [];
  let rest = bytes;
  for (;;) {
    const end = rest.indexOf("\r\n\r\n");
    if (end < 0) break;
    const [first = "", ...lines] = rest.subarray(0, end).toString("latin1").split("\r\n");
    const match = /^HTTP\/1\.1 (\d{3}) /.exec(first);
    if (!match) break;
    const status = Number(match[1]);
    const headers = new Map(
      lines.map((line) => [line.slice(0, line.indexOf(":")).toLowerCase(), line.slice(line.indexOf(":") + 1).trim()]),
    );
    const body = bodyOf(rest.subarray(end + 4), headers, head || status < 200 || status === 204);
    if (body === undefined) break;
    rest = body.rest;
    if (status >= 200) answers.push({ status, headers, body: body.text });
  }
  return { answers, rest };
}

function bodyOf(bytes, headers, none) {
  if (none) return { text: "", rest: bytes };
  const length = Number(headers.get("content-length") ?? Number.NaN);
  if (Number.isInteger(length))
    return bytes.length < length
      ? undefined
      : { text: bytes.subarray(0, length).toString("utf8"), rest: bytes.subarray(length) };
  if (headers.get("transfer-encoding") !== "chunked") return undefined;
  return chunksOf(bytes);
}

function chunksOf(bytes) {
  const parts = [];
  let at = 0;
  for (;;) {
    const end = bytes.indexOf("\r\n", at);
    if (end < 0) return undefined;
    const size = Number.parseInt(bytes.subarray(at, end).toString("latin1"), 16);
    const next = end + 2 + size + 2;
    if (Number.isNaN(size) || bytes.length < next) return undefined;
    parts.push(bytes.subarray(end + 2, end + 2 + size));
    at = next;
    if (size === 0) return { text: Buffer.concat(parts).toString("utf8"), rest: bytes.subarray(at) };
  }
}
