import { type CallResult, createTransport } from "@seb/client";
import { ExecutionAnswer, fail, OrderAnswer, type Result, RevocationsAnswer } from "@seb/schema";
import type { Static, TSchema } from "typebox";
import type { Invocation } from "./command.js";
import type { Refused } from "./outcome.js";
import type { Settings } from "./settings.js";

type Asked<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: Refused };

function asked<T>(result: CallResult<T>): Asked<T> {
  if (result.ok) return result;
  const { problem, service: _service, ...failure } = result.error;
  return {
    ok: false,
    error: { ...failure, ...(problem === undefined ? {} : { requestId: problem.request_id }) },
  };
}

function baseOf(settings: Settings, service: "revocation" | "broker"): Result<string> {
  const url = settings.get(`${service}Url`);
  if (!url.ok) return url;
  const trimmed = url.value.replace(/\/+$/, "");
  const parsed = URL.canParse(trimmed) ? new URL(trimmed) : undefined;
  const plain = parsed !== undefined && parsed.username === "" && parsed.search === "" && parsed.hash === "";
  if (plain && (parsed.protocol === "http:" || parsed.protocol === "https:")) return { ok: true, value: trimmed };
  return fail("setting_invalid", `the ${service} address is not an http or https URL`);
}

/** What a call needs of its command. */
type Asking = Pick<Invocation, "settings" | "deadline">;

async function ask<S extends TSchema>(
  { settings, deadline }: Asking,
  service: "revocation" | "broker",
  request: { readonly path: string; readonly order?: string },
  schema: S,
): Promise<Asked<Static<S>>> {
  const base = baseOf(settings, service);
  if (!base.ok) return base;
  const transport = createTransport();
  const url = base.value + request.path;
  const call =
    request.order === undefined
      ? ({ service, method: "GET", url, headers: {} } as const)
      : ({
          service,
          method: "POST",
          url,
          headers: { "content-type": "application/json" },
          body: JSON.stringify({ order: request.order }),
        } as const);
  try {
    return asked(await transport.call(call, schema, deadline));
  } finally {
    await transport.close();
  }
}

/** Sends one order to the revocation service. */
export function sendOrder(asking: Asking, order: string): Promise<Asked<OrderAnswer>> {
  return ask(asking, "revocation", { path: "/v1/orders", order }, OrderAnswer);
}

/** Sends an order that resolves an execution to the broker. */
export function sendResolution(asking: Asking, order: string): Promise<Asked<ExecutionAnswer>> {
  return ask(asking, "broker", { path: "/v1/resolutions", order }, ExecutionAnswer);
}

/** What stands revoked, the epochs and the active bundle. */
export function askRevocations(asking: Asking): Promise<Asked<RevocationsAnswer>> {
  return ask(asking, "revocation", { path: "/v1/revocations" }, RevocationsAnswer);
}
