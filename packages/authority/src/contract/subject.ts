import { expect } from "@jest/globals";
import type { Code, Result, Standing } from "@seb/schema";
import type { AdmissionStore, Execution, Pin, StatusFeed, TakeRequest, View, ViewReader, ViewWriter } from "../port.js";

/** One store with its feed, as an adapter sets it up for the suite. */
export interface AuthorityUnderTest {
  readonly admission: AdmissionStore;
  readonly reader: ViewReader;
  readonly writer: ViewWriter;
  readonly feed: StatusFeed;
  /** Stops and starts the store over the same data. */
  restart(): Promise<AuthorityUnderTest>;
  /** Stops the store, deletes its data, starts it. */
  wipe(): Promise<AuthorityUnderTest>;
  /** Stops the store for good. */
  stop(): Promise<void>;
}
export type MakeAuthority = () => Promise<AuthorityUnderTest>;

/** Signed time at which the suite begins, in milliseconds. */
export const START_MS = 1_700_000_000_000;
export const BUNDLE = `sha256:${"b".repeat(64)}`;

/** The value of a success; fails the test with the code otherwise. */
export function value<T>(result: Result<T>): T {
  if (!result.ok) throw new Error(`expected success, got ${result.error.code}`);
  return result.value;
}

/** The code of a failure, or `"ok"`. */
export function codeOf(result: Result<unknown>): Code | "ok" {
  return result.ok ? "ok" : result.error.code;
}

/** `c_` and a number spelled in base32. */
export function certId(number: number): string {
  const letters = "abcdefghijklmnopqrstuvwxyz234567";
  let body = "";
  for (let rest = number, i = 0; i < 26; i++, rest = Math.floor(rest / 32)) body = letters.charAt(rest % 32) + body;
  return `c_${body}`;
}

export function standing(target: Standing["target"], until?: number): Standing {
  const base = { target, order: `o_${"a".repeat(26)}`, by: "alice", reason: "contract suite", at_ms: START_MS };
  return until === undefined ? base : { ...base, until };
}

export function viewFor(runId: string, over: Partial<View> = {}): View {
  return {
    seq: 1,
    generation: 1,
    run_id: runId,
    epochs: { global: 1, subject: {}, policy: {} },
    bundle: BUNDLE,
    standing: [],
    ...over,
  };
}

/** Writes a view pinned to the store's present run and answers the pin that a signed status would carry. */
export async function pinned(it: AuthorityUnderTest, over: Partial<View> = {}): Promise<Pin> {
  const view = viewFor(value(await it.writer.runId()), over);
  expect(codeOf(await it.writer.write(view))).toBe("ok");
  return { run_id: view.run_id, generation: view.generation, min_seq: view.seq, now_ms: START_MS };
}

export function takeRequest(pin: Pin, number: number, over: Partial<TakeRequest> = {}): TakeRequest {
  const cert_id = certId(number);
  const resource = over.resource ?? `service:checkout-${number}/region:us-east-1`;
  return {
    pin,
    cert_id,
    exp: Math.floor(pin.now_ms / 1000) + 90,
    subject: "agent:oncall-v3",
    keys: ["k".repeat(43), "s".repeat(43)],
    policies: ["auto-low-risk-v2"],
    bundle: BUNDLE,
    action: "deploy",
    resource,
    epochs: { global: 1, subject: 0, policy: { id: "auto-low-risk-v2", epoch: 0 } },
    once: [],
    ceilings: [],
    entry: {
      cert_id,
      certificate: "aaaa.bbbb.cccc.dddd",
      request: { action: "deploy", resource, parameters: { replicas: number } },
      op: `sha256:${"0".repeat(64)}`,
      broker: "broker-1",
      boot: 1,
      life_ms: 30_000,
    },
    ...over,
  };
}

export function execution(request: TakeRequest, state: Execution["answer"]["state"], fence: number): Execution {
  const { action, resource, parameters } = request.entry.request;
  return {
    op: request.entry.op,
    answer: {
      cert_id: request.cert_id,
      state,
      replayed: false,
      action,
      resource,
      subject: request.subject,
      parameters,
      decided_at_ms: START_MS,
      closed_at_ms: state === "decided" ? null : START_MS + 1,
      result: {},
      code: null,
      fence,
    },
  };
}
