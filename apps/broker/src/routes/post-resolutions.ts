import { type OpenEntry, readVouched, revokedValues } from "@seb/authority";
import {
  codeOfOutcome,
  ExecutionAnswer,
  fail,
  type OrderBody,
  OrderRequest,
  outcomeOf,
  type Result,
} from "@seb/schema";
import { type Context, defineRoute, type Route } from "@seb/service-kit";
import { verifyOrder } from "@seb/verify-core";
import type { Broker } from "../broker.js";
import type { Ending } from "../execution/bodies.js";
import { takeOverEntry } from "../execution/reconcile.js";
import { RESOLUTION_CODES } from "./codes.js";
import { refuse } from "./reply.js";

type Resolve = Extract<OrderBody, { do: "resolve" }>;

/** `POST /v1/resolutions`: a named operator says what became of an execution that the target cannot tell about. */
export function postResolutions(
  broker: Pick<
    Broker,
    "chain" | "clock" | "config" | "connectors" | "index" | "log" | "refusals" | "status" | "store" | "trust" | "view"
  >,
): Route {
  return defineRoute({
    method: "POST",
    path: "/v1/resolutions",
    summary: "Resolve an unknown execution by a named person",
    auth: "signed-body",
    codes: RESOLUTION_CODES,
    body: OrderRequest,
    success: { status: 200, body: ExecutionAnswer },
    handle: async (context) => {
      const resolved = await resolve(broker, context);
      return resolved.ok
        ? { status: 200, body: resolved.value }
        : refuse(broker, context, resolved.error, "resolve", { authentic: false });
    },
  });
}

async function resolve(
  broker: Pick<Broker, "chain" | "clock" | "config" | "connectors" | "index" | "status" | "store" | "trust" | "view">,
  context: Context<OrderRequest>,
): Promise<Result<ExecutionAnswer>> {
  const { config } = broker;
  const verified = await verifyOrder(context.body.order, broker.trust(), {
    audience: config.environment,
    nowSeconds: broker.clock.nowMs() / 1000,
  });
  if (!verified.ok) return verified;
  const { claims, kid } = verified.value;
  if (claims.order.do !== "resolve")
    return fail("order_invalid", "this service takes orders to resolve only", { pointer: "/order" });
  const order: Resolve = claims.order;
  const word = await readVouched(broker);
  if (!word.ok) return word;
  const { view } = word.value;
  if (revokedValues(view, "key").has(kid))
    return fail("revoked_key", "the operator's key is revoked", { facts: { seq: view.seq } });
  const open = await broker.store.open();
  if (!open.ok) return open;
  const entry: OpenEntry | undefined = open.value.find(({ cert_id }) => cert_id === order.certificate);
  if (!entry) {
    const known = broker.index.get(order.certificate);
    return known
      ? fail("resolution_refused", "the execution is closed", { facts: { state: known.answer.state } })
      : fail("execution_not_found", "no execution of that certificate is known");
  }
  const state = broker.index.get(order.certificate)?.answer.state;
  if (state === undefined || !outcomeOf(state).resolvable) {
    return fail("resolution_refused", "the execution is not unknown: it may still end by itself");
  }
  const by: Ending = {
    state: order.state,
    code: codeOfOutcome(order.state, null),
    detail: claims.reason,
    result: {},
    by: `operator:${claims.sub}`,
  };
  const noted = await broker.chain.append("resolution", {
    cert_id: order.certificate,
    operator: claims.sub,
    order: context.body.order,
    state: order.state,
  });
  if (!noted.ok) return noted;
  const resolved = await takeOverEntry(broker, entry, by);
  if (!resolved.ok || resolved.value.state === order.state) return resolved;
  return fail("resolution_refused", "the target itself says otherwise", { facts: { state: resolved.value.state } });
}
