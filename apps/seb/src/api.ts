import { type CallResult, createTransport, startDeadline } from "@seb/client";
import { ExecutionAnswer, fail, OrderAnswer, type Result, RevocationsAnswer } from "@seb/schema";
import type { Refused } from "./outcome.js";
import type { Settings } from "./settings.js";

/** Everything that a command asks of services ends within this time, well below the promised 9 s. */
const TIMEOUT_MS = 8000;

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

/** Sends one order: to the revocation service, or to the broker when it resolves an execution. */
export async function sendOrder(settings: Settings, order: string): Promise<Asked<OrderAnswer>> {
  const base = baseOf(settings, "revocation");
  if (!base.ok) return base;
  return post(OrderAnswer, "revocation", `${base.value}/v1/orders`, order);
}

export async function sendResolution(settings: Settings, order: string): Promise<Asked<ExecutionAnswer>> {
  const base = baseOf(settings, "broker");
  if (!base.ok) return base;
  return post(ExecutionAnswer, "broker", `${base.value}/v1/resolutions`, order);
}

async function post<S extends typeof OrderAnswer | typeof ExecutionAnswer>(
  schema: S,
  service: "revocation" | "broker",
  url: string,
  order: string,
) {
  const transport = createTransport();
  const deadline = startDeadline(TIMEOUT_MS);
  try {
    const headers = { "content-type": "application/json" };
    const body = JSON.stringify({ order });
    return asked(await transport.call({ service, method: "POST", url, headers, body }, schema, deadline));
  } finally {
    deadline.clear();
    await transport.close();
  }
}

/** What stands revoked, the epochs and the active bundle. */
export async function askRevocations(settings: Settings): Promise<Asked<RevocationsAnswer>> {
  const base = baseOf(settings, "revocation");
  if (!base.ok) return base;
  const transport = createTransport();
  const deadline = startDeadline(TIMEOUT_MS);
  try {
    const url = `${base.value}/v1/revocations`;
    return asked(
      await transport.call({ service: "revocation", method: "GET", url, headers: {} }, RevocationsAnswer, deadline),
    );
  } finally {
    deadline.clear();
    await transport.close();
  }
}
