import type { Code } from "@seb/schema";
import Type from "typebox";
import { createHttpService } from "../http-service.js";
import { createLog } from "../log.js";
import { createMetrics } from "../metrics.js";
import { defineRoute, type Route } from "../route.js";
import type { HttpLimits, ShellRefusal } from "../shell.js";
import { exchangeRaw, parseAnswers, type RawAnswer } from "./raw-http.js";

const Body = Type.Object({ name: Type.String({ maxLength: 20 }) }, { additionalProperties: false });

const routes: readonly Route[] = [
  defineRoute({
    method: "POST",
    path: "/v1/things",
    summary: "",
    codes: [],
    body: Body,
    maxBytes: 1024,
    handle: async ({ body }) => ({ status: 201, body: { name: body.name } }),
  }),
  {
    method: "GET",
    path: "/v1/things/:id",
    summary: "",
    codes: [],
    query: ["limit"],
    handle: async ({ params, query }) => ({ status: 200, body: { id: params.id, limit: query.get("limit") } }),
  },
  {
    method: "GET",
    path: "/v1/slow",
    summary: "",
    codes: [],
    handle: () => new Promise((resolve) => setTimeout(() => resolve({ status: 200, body: { slow: true } }), 300)),
  },
  {
    method: "GET",
    path: "/v1/bug",
    summary: "",
    codes: [],
    handle: async () => {
      throw new Error("secret detail eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiJ4In0.AAAA");
    },
  },
  {
    method: "GET",
    path: "/v1/locked",
    summary: "",
    codes: ["token_missing"],
    handle: async () => ({ failure: { code: "token_missing", detail: "none" } }),
  },
];

/** A service over the routes above, with what it logged and refused. */
export async function startService(limits: Partial<HttpLimits> = {}, readiness: () => readonly string[] = () => []) {
  const lines: string[] = [];
  const refusals: ShellRefusal[] = [];
  const metrics = createMetrics("test");
  const service = createHttpService({
    name: "test",
    host: "127.0.0.1",
    port: 0,
    routes,
    readiness,
    metrics,
    log: createLog({ name: "test", stream: { write: (line) => lines.push(line) } }),
    limits,
    signerUrl: "http://signer.test",
    onRefused: (refusal) => refusals.push(refusal),
  });
  const { port, url } = await service.listen();
  return { service, port, url, lines, refusals, metrics };
}

export interface ProblemAnswer extends RawAnswer {
  readonly code: Code;
  readonly problem: Record<string, unknown>;
}

/** Sends bytes and expects exactly one answer, a well-formed problem. */
export async function problemOf(
  port: number,
  send: Parameters<typeof exchangeRaw>[1],
  options: Parameters<typeof exchangeRaw>[2] = {},
): Promise<ProblemAnswer> {
  const answers = parseAnswers(await exchangeRaw(port, send, options));
  const answer = answers.at(-1);
  if (answer === undefined || answers.length !== 1) throw new Error(`${answers.length} answers`);
  if (answer.headers.get("content-type") !== "application/problem+json") throw new Error("not a problem");
  const problem: Record<string, unknown> = JSON.parse(answer.body);
  if (problem.status !== answer.status) throw new Error("the statuses differ");
  return { ...answer, problem, code: problem.code as Code };
}
