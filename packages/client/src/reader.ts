import { createDeadline, type Deadline } from "@seb/concurrency";
import {
  ActionAnswer,
  ActionsAnswer,
  fail,
  type Result,
  VerificationAnswer,
  type VerificationRequest,
} from "@seb/schema";
import type { Prover } from "@seb/seal";
import type { Static, TSchema } from "typebox";
import type { CallResult, ServiceName } from "./failure.js";
import { createTransport } from "./http-call.js";
import { type ProvenRequest, provenHeaders } from "./proof-headers.js";

/** Where the services are, and how long a call may take. */
export interface Endpoints {
  /** Public address of the signer, e.g. `https://signer.example`; without it, calls to the signer fail. */
  readonly signerUrl?: string;
  /** Public address of the broker. */
  readonly brokerUrl?: string;
  /** Time for one call in all, in milliseconds; default 8,000. */
  readonly timeoutMs?: number;
  /** Wall clock in milliseconds since the epoch, for proofs. Default `Date.now`. */
  readonly nowMs?: () => number;
}

/** A bound of one call that differs from the client's. */
export interface CallOptions {
  readonly timeoutMs?: number;
}

/** What can be asked without an agent's key. */
export interface Reader {
  /** All actions of the active bundle. */
  actions(options?: CallOptions): Promise<CallResult<ActionsAnswer>>;
  /** One action: its parameters as JSON Schema and its scope keys. */
  action(name: string, options?: CallOptions): Promise<CallResult<ActionAnswer>>;
  /** Asks the broker whether a certificate would be executed. Without a key, possession is listed as not checked. */
  verify(asked: Verification, options?: CallOptions): Promise<CallResult<VerificationAnswer>>;
  /** Reports a request that got no certificate: `r_` signer or broker refused it, `p_` it waits, `u_` nothing answered. */
  report(requestId: string, options?: CallOptions): Promise<CallResult<VerificationAnswer>>;
  /** Closes all connections. */
  close(): Promise<void>;
}

export interface Verification {
  readonly certificate: string;
  /** What would be executed; without it the answer lists `operation` as not checked. */
  readonly operation?: NonNullable<VerificationRequest["operation"]>;
}

/** Calls with proofs, on one set of connections. */
export interface Caller {
  readonly nowMs: () => number;
  readonly timeoutMs: number;
  call<S extends TSchema>(
    service: ServiceName,
    request: PathRequest,
    answer: S,
    deadline: Deadline,
  ): Promise<CallResult<Static<S>>>;
  /** Runs `work` under a deadline of the client's or of `options`. */
  within<T>(options: CallOptions | undefined, work: (deadline: Deadline) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

export type PathRequest = Omit<ProvenRequest, "url"> & {
  /** Path and query. */
  readonly path: string;
  readonly prover?: Prover | undefined;
  readonly headers?: Readonly<Record<string, string>>;
};

function baseOf(url: string, name: string): Result<string, "setting_invalid"> {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  const plain = parsed !== undefined && parsed.username === "" && parsed.search === "" && parsed.hash === "";
  if (!plain || (parsed.protocol !== "http:" && parsed.protocol !== "https:"))
    return fail("setting_invalid", `the ${name} address is not an http or https URL`);
  // One spelling, however it was typed: scheme and host in small letters, no port of the scheme's own, no slash at the end.
  return { ok: true, value: (parsed.origin + parsed.pathname).replace(/\/+$/, "") };
}

export function createCaller(endpoints: Endpoints): Result<Caller, "setting_invalid"> {
  const bases: Partial<Record<ServiceName, string>> = {};
  for (const [service, url] of [
    ["signer", endpoints.signerUrl],
    ["broker", endpoints.brokerUrl],
  ] as const) {
    if (url === undefined) continue;
    const base = baseOf(url, service);
    if (!base.ok) return base;
    bases[service] = base.value;
  }
  const transport = createTransport();
  const nowMs = endpoints.nowMs ?? Date.now;
  const timeoutMs = endpoints.timeoutMs ?? 8000;
  const caller: Caller = {
    nowMs,
    timeoutMs,
    async call(service, { path, prover, headers, ...request }, answer, deadline) {
      const base = bases[service];
      if (base === undefined) return fail("setting_missing", `the address of the ${service} is not set`);
      const proven = await provenHeaders({ ...request, url: base + path }, prover, nowMs());
      return transport.call(
        { service, ...request, url: base + path, headers: { ...proven, ...headers } },
        answer,
        deadline,
      );
    },
    async within(options, work) {
      const deadline = createDeadline(options?.timeoutMs ?? timeoutMs);
      try {
        return await work(deadline);
      } finally {
        deadline.clear();
      }
    },
    close: () => transport.close(),
  };
  return { ok: true, value: caller };
}

/** The calls that need no key; `prover` is used for verifications when there is one. */
export function readerOf(caller: Caller, prover: Prover | undefined): Reader {
  const verification = (body: VerificationRequest, certificate: string | undefined, options: CallOptions | undefined) =>
    caller.within(options, (deadline) => {
      const text = JSON.stringify(body);
      const common = { method: "POST", path: "/v1/verifications", body: text } as const;
      const request = certificate === undefined ? common : { ...common, certificate, prover };
      return caller.call("broker", request, VerificationAnswer, deadline);
    });
  return {
    actions: (options) =>
      caller.within(options, (deadline) =>
        caller.call("signer", { method: "GET", path: "/v1/actions" }, ActionsAnswer, deadline),
      ),
    action: (name, options) =>
      caller.within(options, (deadline) => {
        const path = `/v1/actions/${encodeURIComponent(name)}`;
        return caller.call("signer", { method: "GET", path }, ActionAnswer, deadline);
      }),
    verify: ({ certificate, operation }, options) =>
      verification(operation === undefined ? {} : { operation }, certificate, options),
    report: (requestId, options) => verification({ request: requestId }, undefined, options),
    close: () => caller.close(),
  };
}

/** A client without a key: lists actions, verifies certificates, reports requests that got none. */
export function createReader(endpoints: Endpoints): Result<Reader, "setting_invalid"> {
  const caller = createCaller(endpoints);
  return caller.ok ? { ok: true, value: readerOf(caller.value, undefined) } : caller;
}
