import { type CallResult, createTransport, freshId } from "@seb/client";
import {
  ApprovalAnswer,
  ExecutionAnswer,
  fail,
  OrderAnswer,
  PendingAnswer,
  type Result,
  RevocationsAnswer,
} from "@seb/schema";
import type { Prover } from "@seb/seal";
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

type Service = "signer" | "revocation" | "broker";

function addressOf(settings: Settings, service: Service): Result<string> {
  const url = settings.get(`${service}Url`);
  return url.ok ? baseOf(url.value, service) : url;
}

/** A service's address without slashes at its end. */
export function baseOf(url: string, service: Service): Result<string> {
  const trimmed = url.replace(/\/+$/, "");
  const parsed = URL.canParse(trimmed) ? new URL(trimmed) : undefined;
  const plain = parsed !== undefined && parsed.username === "" && parsed.search === "" && parsed.hash === "";
  if (plain && (parsed.protocol === "http:" || parsed.protocol === "https:")) return { ok: true, value: trimmed };
  return fail("setting_invalid", `the ${service} address is not an http or https URL`);
}

/** What a call needs of its command. */
export type Asking = Pick<Invocation, "settings" | "deadline" | "io">;

/** One request: a GET, or a POST when there is a body. With a prover it carries a proof of possession. */
interface Request {
  readonly path: string;
  readonly body?: Readonly<Record<string, string>>;
  readonly prover?: Prover;
}

async function ask<S extends TSchema>(
  { settings, deadline, io }: Asking,
  service: Service,
  { path, body, prover }: Request,
  schema: S,
): Promise<Asked<Static<S>>> {
  const base = addressOf(settings, service);
  if (!base.ok) return base;
  const transport = createTransport();
  const url = base.value + path;
  const method = body === undefined ? "GET" : "POST";
  const proof = { method, url, nowSeconds: io.nowMs() / 1000, jti: freshId("j_") };
  const headers = prover === undefined ? {} : { dpop: await prover.prove(proof) };
  const common = { service, method, url } as const;
  try {
    if (body === undefined) return asked(await transport.call({ ...common, headers }, schema, deadline));
    const sent = { headers: { ...headers, "content-type": "application/json" }, body: JSON.stringify(body) };
    return asked(await transport.call({ ...common, ...sent }, schema, deadline));
  } finally {
    await transport.close();
  }
}

/** Sends one order to the revocation service. */
export function sendOrder(asking: Asking, order: string): Promise<Asked<OrderAnswer>> {
  return ask(asking, "revocation", { path: "/v1/orders", body: { order } }, OrderAnswer);
}

/** Sends an order that resolves an execution to the broker. */
export function sendResolution(asking: Asking, order: string): Promise<Asked<ExecutionAnswer>> {
  return ask(asking, "broker", { path: "/v1/resolutions", body: { order } }, ExecutionAnswer);
}

/** What stands revoked, the epochs and the active bundle. */
export function askRevocations(asking: Asking): Promise<Asked<RevocationsAnswer>> {
  return ask(asking, "revocation", { path: "/v1/revocations" }, RevocationsAnswer);
}

/** A request that waits for people, as the signer recorded it; asked with a proof of an approver's key. */
export function askPending(asking: Asking, id: string, prover: Prover): Promise<Asked<PendingAnswer>> {
  return ask(asking, "signer", { path: `/v1/requests/${encodeURIComponent(id)}`, prover }, PendingAnswer);
}

/** Sends a person's signed approval to the signer. */
export function sendApproval(asking: Asking, id: string, approval: string): Promise<Asked<ApprovalAnswer>> {
  const path = `/v1/requests/${encodeURIComponent(id)}/approvals`;
  return ask(asking, "signer", { path, body: { approval } }, ApprovalAnswer);
}
