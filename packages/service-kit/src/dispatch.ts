import { fail } from "@seb/schema";
import { announcesBody, checkBodyHead, readBody } from "./body.js";
import type { Exchange } from "./exchange.js";
import { singleHeader } from "./headers.js";
import type { Context, Reply, Route } from "./route.js";
import type { Dispatch } from "./router.js";
import type { Shell } from "./shell.js";
import { checkQueryNames } from "./target.js";

/** Runs routes: bounds on concurrency, the body, the handler, its answer. `exempt` routes answer even when overloaded. */
export function dispatcher(shell: Shell, exempt: ReadonlySet<Route>): Dispatch {
  let running = 0;
  return async (exchange, route, params) => {
    if (!exempt.has(route)) {
      if (shell.draining()) return exchange.refuse(fail("draining", "the service is shutting down").error);
      if (running >= shell.limits.maxConcurrent) {
        return exchange.refuse(fail("overloaded", "too many requests are being handled").error);
      }
    }
    running += 1;
    try {
      await run(shell, exchange, route, params);
    } catch (error) {
      exchange.fault(error);
    } finally {
      running -= 1;
    }
  };
}

async function run(
  shell: Shell,
  exchange: Exchange,
  route: Route,
  params: Readonly<Record<string, string>>,
): Promise<void> {
  const { target, table } = exchange.accepted;
  const names = route.query ?? (route.method === "GET" ? undefined : []);
  const query = names === undefined ? undefined : checkQueryNames(target.query, names);
  if (query?.ok === false) return exchange.refuse(query.error);
  const head = checkBodyHead(table, route);
  if (!head.ok) return exchange.refuse(head.error);
  if (exchange.expectsContinue && announcesBody(table)) exchange.response.writeContinue();
  const body = await readBody(exchange.request, route, shell.limits.requestTimeoutMs);
  if (body.kind === "gone") return;
  if (!body.result.ok) return exchange.refuse(body.result.error);
  reply(exchange, await route.handle(contextOf(shell, exchange, params, body.result.value)));
}

function reply(exchange: Exchange, answer: Reply): void {
  if ("failure" in answer) exchange.refuse(answer.failure, answer.extra, false);
  else exchange.send(answer);
}

function contextOf(shell: Shell, exchange: Exchange, params: Readonly<Record<string, string>>, body: unknown): Context {
  const { target, table } = exchange.accepted;
  const gone = new AbortController();
  exchange.response.once("close", () => {
    if (!exchange.response.writableFinished) gone.abort();
  });
  return {
    requestId: exchange.requestId,
    method: exchange.request.method ?? "GET",
    url: target.path,
    params,
    query: target.query,
    header: (name) => singleHeader(table, name),
    body,
    signal: gone.signal,
    log: shell.log.child({ request_id: exchange.requestId }),
  };
}
