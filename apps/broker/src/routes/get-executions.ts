import { provenRequest } from "@seb/agents";
import {
  CertId,
  closed,
  ExecutionAnswer,
  ExecutionReport,
  fail,
  isFinal,
  ok,
  type Result,
  validate,
} from "@seb/schema";
import type { Context, Route } from "@seb/service-kit";
import Type from "typebox";
import type { Broker } from "../broker.js";
import { receiptOf } from "../execution/settle.js";
import { AGENT_CODES } from "./codes.js";
import { refuse } from "./reply.js";

const LISTS = ["open", "unknown", "recent"] as const;
const MAX_LISTED = 200;
const ExecutionsAnswer = closed({ executions: Type.Array(ExecutionAnswer, { maxItems: MAX_LISTED }) });

/** `GET /v1/executions/{cert_id}`: the state of one execution, from the store or from this broker's records. */
export function getExecution(broker: Pick<Broker, "agents" | "index" | "log" | "refusals" | "store">): Route {
  return {
    method: "GET",
    path: "/v1/executions/:cert_id",
    summary: "State of an execution",
    auth: "proof",
    success: { status: 200, body: ExecutionReport },
    codes: [...AGENT_CODES, "execution_not_found"],
    handle: async (context) => {
      const found = await find(broker, context);
      return found.ok
        ? { status: 200, body: found.value }
        : refuse(broker, context, found.error, "read", { authentic: false });
    },
  };
}

/** `GET /v1/executions?state=open|unknown|recent&limit=50`: what this broker's records know, newest first. */
export function getExecutions(broker: Pick<Broker, "agents" | "index" | "log" | "refusals">): Route {
  return {
    method: "GET",
    path: "/v1/executions",
    summary: "Open, unknown or recent executions",
    auth: "proof",
    success: { status: 200, body: ExecutionsAnswer },
    codes: [...AGENT_CODES, "request_invalid"],
    handle: async (context) => {
      const listed = await list(broker, context);
      return listed.ok
        ? { status: 200, body: { executions: listed.value } }
        : refuse(broker, context, listed.error, "read", { authentic: false });
    },
  };
}

async function find(
  broker: Pick<Broker, "agents" | "index" | "store">,
  context: Context,
): Promise<Result<ExecutionReport>> {
  const certId = validate(CertId, context.params.cert_id, "request_invalid");
  if (!certId.ok) return fail("request_invalid", "the path does not hold a certificate id", { pointer: "/cert_id" });
  const agent = await broker.agents.authenticate(provenRequest(context));
  if (!agent.ok) return agent;
  const known = await broker.store.lookup(certId.value);
  if (!known.ok) return known;
  const answer = known.value?.answer ?? broker.index.get(certId.value)?.answer;
  return answer
    ? ok({ ...answer, receipt: receiptOf(broker, answer) })
    : fail("execution_not_found", "no execution of that certificate is known");
}

async function list(
  broker: Pick<Broker, "agents" | "index">,
  context: Context,
): Promise<Result<readonly ExecutionAnswer[]>> {
  const agent = await broker.agents.authenticate(provenRequest(context));
  if (!agent.ok) return agent;
  for (const key of context.query.keys()) {
    if (key !== "state" && key !== "limit")
      return fail("request_invalid", "an unknown query parameter", { pointer: "/query" });
  }
  const state = context.query.get("state") ?? "recent";
  if (!LISTS.some((known) => known === state))
    return fail("request_invalid", "one of open, unknown, recent", { pointer: "/state" });
  const limit = context.query.get("limit") ?? "50";
  if (!/^[1-9][0-9]{0,2}$/.test(limit) || Number(limit) > MAX_LISTED) {
    return fail("request_invalid", `a number from 1 to ${MAX_LISTED}`, { pointer: "/limit" });
  }
  const wanted = (answer: ExecutionAnswer) =>
    state === "recent" || (state === "open" ? !isFinal(answer.state) : answer.state === state);
  return ok(broker.index.list(wanted, Number(limit)));
}
