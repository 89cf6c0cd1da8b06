import { readJson } from "@seb/canonical";
import type { Deadline } from "@seb/concurrency";
import {
  CertId,
  CertificateAnswer,
  type CertificateRequest,
  closed,
  ExecutionAnswer,
  ExecutionReport,
  type ExecutionRequest,
  fail,
  ObservationAnswer,
  type ObservationRequest,
  type Result,
  validate,
} from "@seb/schema";
import { createProver, type KeyFile, type Prover } from "@seb/seal";
import { decodeUnverified } from "@seb/verify-core";
import Type from "typebox";
import type { CallFailure, CallResult } from "./failure.js";
import { createMemoryIdempotencyStore, type IdempotencyStore } from "./idempotency.js";
import { freshId } from "./proof-headers.js";
import { type Caller, type CallOptions, createCaller, type Endpoints, type Reader, readerOf } from "./reader.js";

export interface AgentOptions extends Endpoints {
  /** The agent's key file: its text, or its parsed content. */
  readonly key: string | KeyFile;
  /** Where bodies wait for their answers; default: in memory. */
  readonly idempotencyStore?: IdempotencyStore;
}

/** A proposal; without an observation the agent observes first. */
export type Proposal = Omit<CertificateRequest, "observation"> & { readonly observation?: string };

export interface RequestOptions extends CallOptions {
  /** 16 to 128 letters, digits, `-`, `_`. With a key that the store knows, the stored body is sent again verbatim. */
  readonly idempotencyKey?: string;
}

/** What an agent can do. Every call ends within its timeout; nothing throws for what a service or network does. */
export interface Agent extends Reader {
  /** Thumbprint of the agent's key. */
  readonly jkt: string;
  /** Asks the broker what the target looks like; the answer is signed and lives for a minute. */
  observe(request: ObservationRequest, options?: CallOptions): Promise<CallResult<ObservationAnswer>>;
  /** Asks the signer for a certificate. After a lost answer the same body goes out once more under the same key. */
  requestCertificate(proposal: Proposal, options?: RequestOptions): Promise<CallResult<CertificateAnswer>>;
  /**
   * Presents a certificate. After a lost answer the same operation goes out once more, which the broker answers with the
   * recorded state: it never causes a second change. When the request left and no answer to it can be had, the failure is
   * `execution_unknown` without a problem: the change may have happened.
   */
  execute(
    certificate: string,
    operation: ExecutionRequest,
    options?: CallOptions,
  ): Promise<CallResult<ExecutionReport>>;
  /** State of one execution. */
  execution(certId: string, options?: CallOptions): Promise<CallResult<ExecutionReport>>;
  /** Executions that the broker knows, newest first. */
  executions(
    filter: { readonly state: "open" | "unknown" | "recent"; readonly limit: number },
    options?: CallOptions,
  ): Promise<CallResult<ExecutionsAnswer>>;
}

export const ExecutionsAnswer = closed({ executions: Type.Array(ExecutionAnswer, { maxItems: 1000 }) });
export type ExecutionsAnswer = Type.Static<typeof ExecutionsAnswer>;

const RETRY_NEEDS_MS = 300;

/** Makes an agent's client. Fails when an address or the key is wrong; never shows the key. */
export async function createAgent(options: AgentOptions): Promise<Result<Agent, "setting_invalid">> {
  const key = keyOf(options.key);
  if (!key.ok) return key;
  const prover = await createProver(key.value);
  if (!prover.ok) return prover;
  const caller = createCaller(options);
  if (!caller.ok) return caller;
  return {
    ok: true,
    value: agentOf(caller.value, prover.value, options.idempotencyStore ?? createMemoryIdempotencyStore()),
  };
}

function keyOf(key: string | KeyFile): Result<unknown, "setting_invalid"> {
  if (typeof key !== "string") return { ok: true, value: key };
  const parsed = readJson(key, { maxBytes: 16_384, maxDepth: 8 });
  return parsed.ok ? parsed : fail("setting_invalid", "the agent's key file is not JSON");
}

function agentOf(caller: Caller, prover: Prover, store: IdempotencyStore): Agent {
  const read = <T>(options: CallOptions | undefined, work: (deadline: Deadline) => Promise<T>) =>
    caller.within(options, work);
  return {
    ...readerOf(caller, prover),
    jkt: prover.jkt,
    observe: (request, options) => read(options, (deadline) => observe(caller, prover, request, deadline)),
    requestCertificate: (proposal, options) =>
      read(options, (deadline) => requestCertificate({ caller, prover, store, deadline }, proposal, options)),
    execute: (certificate, operation, options) =>
      read(options, (deadline) =>
        present(certificate, deadline, () => {
          const body = JSON.stringify(operation);
          const request = { method: "POST", path: "/v1/executions", body, certificate, prover } as const;
          return caller.call("broker", request, ExecutionReport, deadline);
        }),
      ),
    execution: (certId, options) =>
      read(options, (deadline) => {
        const path = `/v1/executions/${encodeURIComponent(certId)}`;
        return caller.call("broker", { method: "GET", path, prover }, ExecutionReport, deadline);
      }),
    executions: ({ state, limit }, options) =>
      read(options, (deadline) => {
        const path = `/v1/executions?state=${state}&limit=${limit}`;
        return caller.call("broker", { method: "GET", path, prover }, ExecutionsAnswer, deadline);
      }),
  };
}

function observe(caller: Caller, prover: Prover, request: ObservationRequest, deadline: Deadline) {
  const { action, service, region } = request;
  const body = JSON.stringify({ action, service, region });
  return caller.call("broker", { method: "POST", path: "/v1/observations", body, prover }, ObservationAnswer, deadline);
}

/** Only a lost answer is asked for again, and only for requests that the service answers alike both times. */
async function askTwice<T>(deadline: Deadline, ask: () => Promise<CallResult<T>>): Promise<CallResult<T>> {
  const first = await ask();
  return isLost(first, deadline) ? ask() : first;
}

function isLost(outcome: CallResult<unknown>, deadline: Deadline): boolean {
  return !outcome.ok && outcome.error.code === "no_answer" && deadline.remainingMs() > RETRY_NEEDS_MS;
}

/** Asks for an execution, twice if need be, and does not take the loss of an answer for a refusal. */
async function present(
  certificate: string,
  deadline: Deadline,
  ask: () => Promise<CallResult<ExecutionReport>>,
): Promise<CallResult<ExecutionReport>> {
  const first = await ask();
  const last = isLost(first, deadline) ? await ask() : first;
  if (last.ok) return last;
  const decoded = decodeUnverified(certificate, "seb-cert+jwt");
  const certId = decoded.ok ? decoded.value.claims.jti : undefined;
  const named = validate(CertId, certId ?? "", "answer_invalid");
  const error: CallFailure = { ...last.error, ...(named.ok ? { certId: named.value } : {}) };
  const { code, detail } = error;
  // These two tell the state of the execution itself, whichever of the requests began it.
  if (code === "execution_open" || code === "execution_unknown") return { ok: false, error };
  const unanswered = [first, last].find((one) => !one.ok && one.error.sent && one.error.problem === undefined);
  if (unanswered === undefined || unanswered.ok) return { ok: false, error };
  // A refusal of the second request says nothing about the first, which may still be on its way to the target.
  const again = error.problem === undefined ? "" : `; asked again: ${code} (${detail})`;
  const lost = `${unanswered.error.detail}${again}; the request was sent, so the change may have happened`;
  return { ok: false, error: { ...error, code: "execution_unknown", detail: lost, service: "broker", sent: true } };
}

interface Issuance {
  readonly caller: Caller;
  readonly prover: Prover;
  readonly store: IdempotencyStore;
  readonly deadline: Deadline;
}

async function requestCertificate(
  { caller, prover, store, deadline }: Issuance,
  proposal: Proposal,
  options: RequestOptions | undefined,
): Promise<CallResult<CertificateAnswer>> {
  const key = options?.idempotencyKey ?? freshId("k_");
  let body = options?.idempotencyKey === undefined ? undefined : await store.load(key);
  if (body === undefined) {
    const made = await bodyOf(caller, prover, proposal, deadline);
    if (!made.ok) return made;
    body = made.value;
    await store.save(key, body);
  }
  const text = body;
  const answer = await askTwice(deadline, () => {
    const headers = { "idempotency-key": key };
    const request = { method: "POST", path: "/v1/certificates", body: text, prover, headers } as const;
    return caller.call("signer", request, CertificateAnswer, deadline);
  });
  // While nobody knows whether the signer issued, the body stays: the same key must never name another body.
  const known = answer.ok || answer.error.problem !== undefined;
  if (known) await store.drop(key);
  return answer.ok ? checkOwn(answer.value, proposal, prover.jkt) : answer;
}

async function bodyOf(
  caller: Caller,
  prover: Prover,
  proposal: Proposal,
  deadline: Deadline,
): Promise<CallResult<string>> {
  if (proposal.observation !== undefined) return { ok: true, value: JSON.stringify(proposal) };
  const observed = await observe(caller, prover, proposal, deadline);
  if (!observed.ok) return observed;
  return { ok: true, value: JSON.stringify({ ...proposal, observation: observed.value.observation }) };
}

/** An answer must be about this agent's own question. Whether the certificate is genuine is the broker's to verify. */
function checkOwn(answer: CertificateAnswer, proposal: Proposal, jkt: string): CallResult<CertificateAnswer> {
  const decoded = decodeUnverified(answer.certificate, "seb-cert+jwt");
  const claims = decoded.ok ? decoded.value.claims : undefined;
  const bound = claims?.cnf;
  const mine =
    claims !== undefined &&
    claims.jti === answer.cert_id &&
    claims.action === proposal.action &&
    claims.resource === `service:${proposal.service}/region:${proposal.region}` &&
    typeof bound === "object" &&
    bound !== null &&
    "jkt" in bound &&
    bound.jkt === jkt;
  if (mine) return { ok: true, value: answer };
  return {
    ok: false,
    error: { ...fail("answer_invalid", "signer: the certificate is not for this request").error, service: "signer" },
  };
}
