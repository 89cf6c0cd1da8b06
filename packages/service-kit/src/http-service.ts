import { createServer, type IncomingMessage, type Server, type ServerOptions, type ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { type Failure, fail, type OpensList, ok, type Result } from "@seb/schema";
import { builtinRoutes } from "./builtin-routes.js";
import { type Clock, systemClock } from "./clock.js";
import { dispatcher } from "./dispatch.js";
import { type AcceptedHead, Exchange } from "./exchange.js";
import { checkHeaders, headerTable } from "./headers.js";
import type { Log } from "./log.js";
import type { Metrics } from "./metrics.js";
import { answerParserError, parserFailure } from "./parser-errors.js";
import type { Route } from "./route.js";
import { createRouter } from "./router.js";
import { DEFAULT_LIMITS, type HttpLimits, type Shell, type ShellRefusal } from "./shell.js";
import { StartError } from "./start-error.js";
import { readTarget } from "./target.js";

export interface HttpServiceOptions {
  readonly name: string;
  readonly host: string;
  /** 0 for a port of the system's choice. */
  readonly port: number;
  readonly routes: readonly Route[];
  /** Reasons why the service cannot work; none means ready. */
  readonly readiness: () => readonly string[];
  /** What the service can open, for `/readyz`; absent where it opens nothing that is signed. */
  readonly opens?: OpensList;
  readonly metrics: Metrics;
  readonly log: Log;
  readonly limits?: Partial<HttpLimits>;
  /** Where 401 answers send those without a certificate. */
  readonly signerUrl?: string;
  readonly clock?: Clock;
  /** Answer at every path without a route; default `not_found`. */
  readonly otherwise?: Failure;
  /** Told of every refusal by the shell itself, parser-level ones included; must not throw. */
  readonly onRefused?: (refusal: ShellRefusal) => void;
}

export interface HttpService {
  /** @returns the bound port and `http://host:port`. @throws when the port cannot be bound. */
  listen(): Promise<{ port: number; url: string }>;
  /** Takes no more requests, waits up to `drainMs` for those in work, then cuts what is left. */
  close(options: { drainMs: number }): Promise<void>;
}

/** Creates the HTTP server of a service: every input ends in a handler's answer or in an RFC 9457 problem. */
export function createHttpService(options: HttpServiceOptions): HttpService {
  const limits = { ...DEFAULT_LIMITS, ...options.limits };
  let draining = false;
  const shell: Shell = {
    log: options.log,
    metrics: options.metrics,
    clock: options.clock ?? systemClock,
    limits,
    ...(options.signerUrl === undefined ? {} : { signerUrl: options.signerUrl }),
    draining: () => draining,
    refused: (refusal) => options.onRefused?.(refusal),
  };
  const builtin = builtinRoutes({
    readiness: () => (draining ? ["draining"] : options.readiness()),
    metrics: options.metrics,
    opens: options.opens,
  });
  const dispatch = dispatcher(shell, new Set(builtin));
  const route = createRouter([...builtin, ...options.routes], dispatch, options.otherwise);
  const open = new Map<Socket, Set<Exchange>>();
  const server = createNodeServer(limits);

  const onRequest = (request: IncomingMessage, response: ServerResponse, expectation?: string): void => {
    const exchange = new Exchange(shell, request, response);
    track(open, exchange);
    exchange.expectsContinue = expectation === "100-continue";
    const head = accept(exchange, expectation);
    if (!head.ok) {
      exchange.refuse(head.error);
      return;
    }
    exchange.accepted = head.value;
    route(exchange);
  };
  server.on("request", (request, response) => onRequest(request, response));
  // "100 Continue" goes out only when the head was accepted and the body is about to be read.
  server.on("checkContinue", (request, response) => onRequest(request, response, "100-continue"));
  server.on("checkExpectation", (request, response) => onRequest(request, response, "other"));
  const answered = new WeakSet<Socket>();
  server.on("clientError", (error: NodeJS.ErrnoException, socket: Socket) => {
    // The rest of what was refused still arrives, for the second until the socket is closed. Closing it under the sender's hands would
    // reset the connection, and the answer would be lost with it.
    if (answered.has(socket) && error.code !== "ECONNRESET") return;
    answered.add(socket);
    if (error.code === "ECONNRESET" || !socket.writable) return socket.destroy();
    void answerParserError(shell, socket, parserFailure(error.code), [...(open.get(socket) ?? [])]);
  });
  server.on("connect", (_request: IncomingMessage, socket: Socket) => {
    socket.on("error", () => socket.destroy());
    const failure = fail("method_not_allowed", "this server is no proxy").error;
    void answerParserError(shell, socket, failure, [...(open.get(socket) ?? [])], { allow: "GET, HEAD, POST" });
  });

  return {
    listen: () => listen(server, options.host, options.port),
    async close({ drainMs }) {
      draining = true;
      await closeServer(server, drainMs);
    },
  };
}

function createNodeServer(limits: HttpLimits): Server {
  // Node 20 knows the interval, its types do not.
  const options: ServerOptions & { connectionsCheckingInterval: number } = {
    connectionsCheckingInterval: 500,
    maxHeaderSize: 16_384,
    // Node would answer a missing host itself, and not with a problem.
    requireHostHeader: false,
    insecureHTTPParser: false,
    noDelay: true,
  };
  const server = createServer(options);
  server.headersTimeout = limits.headersTimeoutMs;
  server.requestTimeout = limits.requestTimeoutMs;
  server.keepAliveTimeout = limits.keepAliveTimeoutMs;
  // Node's default silently drops headers beyond 2,000; the bound on their size is bound enough.
  server.maxHeadersCount = 0;
  server.maxConnections = limits.maxConnections;
  return server;
}

function track(open: Map<Socket, Set<Exchange>>, exchange: Exchange): void {
  const { socket } = exchange.request;
  const mine = open.get(socket) ?? new Set<Exchange>();
  mine.add(exchange);
  open.set(socket, mine);
  exchange.response.once("close", () => {
    mine.delete(exchange);
    if (mine.size === 0) open.delete(socket);
  });
}

/** What every request must pass before a route is looked for. */
function accept(exchange: Exchange, expectation: string | undefined): Result<AcceptedHead> {
  const target = readTarget(exchange.request.url ?? "");
  if (!target.ok) return target;
  const table = headerTable(exchange.request);
  const headers = checkHeaders(table);
  if (!headers.ok) return headers;
  if (expectation === "other") return fail("header_invalid", "the header expect is unknown");
  return ok({ target: target.value, table });
}

/** Why the system does not give an address, by its error code: a wrong setting, not a fault of the service. */
const TAKEN: Readonly<Record<string, string>> = {
  EADDRINUSE: "another process listens there",
  EADDRNOTAVAIL: "this machine has no such address",
  EACCES: "this user may not listen on that port",
};

function listen(server: Server, host: string, port: number): Promise<{ port: number; url: string }> {
  return new Promise((resolve, reject) => {
    const refuse = (error: NodeJS.ErrnoException) => {
      const why = TAKEN[error.code ?? ""];
      if (why === undefined) return reject(error);
      reject(new StartError({ code: "setting_invalid", detail: `cannot listen on ${host}:${port}: ${why}` }, "listen"));
    };
    server.once("error", refuse);
    server.listen({ host, port }, () => {
      server.off("error", refuse);
      const address = server.address();
      if (address === null || typeof address === "string") return reject(new Error("no TCP address"));
      resolve({ port: address.port, url: `http://${host.includes(":") ? `[${host}]` : host}:${address.port}` });
    });
  });
}

async function closeServer(server: Server, drainMs: number): Promise<void> {
  if (!server.listening) return;
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeIdleConnections();
  const cut = setTimeout(() => server.closeAllConnections(), drainMs);
  await closed;
  clearTimeout(cut);
}
