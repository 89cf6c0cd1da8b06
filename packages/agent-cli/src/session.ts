import {
  type Agent,
  type CallOptions,
  type CallResult,
  createAgent,
  createReader,
  type IdempotencyStore,
  type Reader,
} from "@seb/client";
import { type ActionAnswer, fail, ok, type Result } from "@seb/schema";
import type { Io } from "./io.js";
import { jobFolder } from "./job/folder.js";
import { missing, namesOf } from "./settings/lookup.js";
import { type CommonFlags, loadSettings, type Settings } from "./settings/settings.js";

/** What a command works with: settings, the job's folder, and the time that is left. */
export interface Session {
  readonly io: Io;
  readonly settings: Settings;
  /** The job's folder; undefined when there is none. */
  readonly folder: string | undefined;
  /** The time left of the whole command, as an option of the SDK's calls. */
  left(atMostMs?: number): { readonly timeoutMs: number };
}

/** Something printed on success. `exit` differs from 0 where the result itself is a refusal. */
export interface Printed {
  readonly text: string;
  readonly json: unknown;
  readonly exit?: number;
  /** Lines for people, on standard error. */
  readonly notes?: readonly string[];
}
export type Outcome = CallResult<Printed>;

export function openSession(io: Io, flags: CommonFlags): Result<Session> {
  const settings = loadSettings(io, flags);
  if (!settings.ok) return settings;
  const total = settings.value.timeoutMs();
  if (!total.ok) return total;
  return ok({
    io,
    settings: settings.value,
    folder: jobFolder(io, settings.value.file.path),
    left: (atMostMs = Number.POSITIVE_INFINITY) => ({
      timeoutMs: Math.max(1, Math.min(atMostMs, total.value - io.elapsedMs())),
    }),
  });
}

type ServiceName = "signer" | "broker";

function addresses(
  session: Session,
  needs: readonly ServiceName[],
): Result<{ signerUrl?: string; brokerUrl?: string }> {
  const signer = session.settings.signerUrl();
  const broker = session.settings.brokerUrl();
  if (needs.includes("signer")) {
    if (!signer.ok) return signer;
    if (signer.value === undefined) return missing(namesOf("signer_url"));
  }
  if (needs.includes("broker")) {
    if (!broker.ok) return broker;
    if (broker.value === undefined) return missing(namesOf("broker_url"));
  }
  return ok({
    ...(signer.ok && signer.value !== undefined ? { signerUrl: signer.value } : {}),
    ...(broker.ok && broker.value !== undefined ? { brokerUrl: broker.value } : {}),
  });
}

/** Runs `work` with a client that needs no key. */
export async function withReader<T>(
  session: Session,
  needs: readonly ServiceName[],
  work: (reader: Reader) => Promise<CallResult<T>>,
): Promise<CallResult<T>> {
  const urls = addresses(session, needs);
  if (!urls.ok) return urls;
  const reader = createReader({ ...urls.value, nowMs: session.io.nowMs });
  return reader.ok ? closing(reader.value, work) : reader;
}

/** Runs `work` with the agent's client. */
export async function withAgent<T>(
  session: Session,
  needs: readonly ServiceName[],
  work: (agent: Agent) => Promise<CallResult<T>>,
  idempotencyStore?: IdempotencyStore,
): Promise<CallResult<T>> {
  const urls = addresses(session, needs);
  if (!urls.ok) return urls;
  const key = session.settings.key();
  if (!key.ok) return key;
  if (key.value === undefined) return missing(namesOf("key"));
  const agent = await createAgent({
    ...urls.value,
    key: key.value,
    nowMs: session.io.nowMs,
    ...(idempotencyStore === undefined ? {} : { idempotencyStore }),
  });
  return agent.ok ? closing(agent.value, work) : agent;
}

async function closing<C extends Reader, T>(
  client: C,
  work: (client: C) => Promise<CallResult<T>>,
): Promise<CallResult<T>> {
  try {
    return await work(client);
  } finally {
    await client.close();
  }
}

/** The action's definition, from the signer. */
export async function definitionOf(
  reader: Reader,
  action: string,
  options: CallOptions,
): Promise<CallResult<ActionAnswer>> {
  const answer = await reader.action(action, options);
  if (!answer.ok || answer.value.name === action) return answer;
  return fail("answer_invalid", "signer: the definition is of another action");
}
