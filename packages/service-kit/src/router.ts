import type { IncomingMessage, ServerResponse } from "node:http";
import { type Failure, fail } from "@seb/schema";
import express, { type NextFunction, type Request, type Response } from "express";
import helmet from "helmet";
import type { Exchange } from "./exchange.js";
import type { Route } from "./route.js";

/** What the router hands on: the route and the named segments of its path. */
export type Dispatch = (exchange: Exchange, route: Route, params: Readonly<Record<string, string>>) => Promise<void>;

/** Methods that a path knows, for the Allow header. HEAD comes with GET (RFC 9110 section 9.3.2). */
function allowed(routes: readonly Route[]): string {
  return routes.flatMap(({ method }) => (method === "GET" ? ["GET", "HEAD"] : [method])).join(", ");
}

function byPath(routes: readonly Route[]): ReadonlyMap<string, readonly Route[]> {
  const table = new Map<string, Route[]>();
  for (const route of routes) {
    const known = table.get(route.path) ?? [];
    if (known.some(({ method }) => method === route.method))
      throw new TypeError(`two routes for ${route.method} ${route.path}`);
    table.set(route.path, [...known, route]);
  }
  return table;
}

function stringParams(params: Request["params"]): Record<string, string> {
  const plain: Record<string, string> = {};
  for (const [name, value] of Object.entries(params)) if (typeof value === "string") plain[name] = value;
  return plain;
}

const NOTHING = fail("not_found", "there is nothing at this path").error;

/** Builds the express application: exact paths, no answer of express' own. `otherwise` answers where there is no route. */
export function createRouter(routes: readonly Route[], dispatch: Dispatch, otherwise: Failure = NOTHING) {
  const app = express();
  app.disable("x-powered-by").disable("etag").enable("strict routing").enable("case sensitive routing");
  app.set("query parser", false);
  app.use(helmet({ contentSecurityPolicy: { useDefaults: false, directives: { "default-src": ["'none'"] } } }));
  const exchanges = new WeakMap<IncomingMessage, Exchange>();
  const exchangeOf = (request: Request): Exchange => {
    const exchange = exchanges.get(request);
    if (exchange === undefined) throw new Error("a request without an exchange");
    return exchange;
  };
  for (const [path, group] of byPath(routes)) {
    app.all(path, async (request, _response) => {
      const exchange = exchangeOf(request);
      exchange.route = path;
      const method = request.method === "HEAD" ? "GET" : request.method;
      const route = group.find((candidate) => candidate.method === method);
      if (route !== undefined) return dispatch(exchange, route, stringParams(request.params));
      const headers = { allow: allowed(group) };
      exchange.refuse(fail("method_not_allowed", `this path knows: ${headers.allow}`).error, { headers });
    });
  }
  app.use((request: Request) => exchangeOf(request).refuse(otherwise));
  // Express recognises an error handler by its four parameters.
  app.use((error: unknown, request: Request, _response: Response, _next: NextFunction) => {
    exchangeOf(request).fault(error);
  });
  return (exchange: Exchange): void => {
    exchanges.set(exchange.request, exchange);
    const handle: (request: IncomingMessage, response: ServerResponse) => void = app;
    handle(exchange.request, exchange.response);
  };
}
