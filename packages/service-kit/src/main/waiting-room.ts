import { endsWithin } from "@seb/concurrency";
import { type Failure, fail, type OpensList } from "@seb/schema";
import { createHttpService } from "../http-service.js";
import type { Log } from "../log.js";
import { createMetrics } from "../metrics.js";
import { StartError } from "../start-error.js";

/** Pauses between two attempts double up to the longest, in milliseconds. */
const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 2000;
/** Requests of the waiting room are answered at once; nothing is worth waiting for. */
const DRAIN_MS = 200;

export interface WaitingOptions<T> {
  readonly name: string;
  readonly address: { readonly host: string; readonly port: number };
  readonly opens: OpensList;
  readonly log: Log;
  /** One attempt; gives up again what it opened when it throws. */
  readonly attempt: () => Promise<T>;
  /** Resolves when nobody wants the result any more. */
  readonly stopped: Promise<unknown>;
}

/** A failure that waiting does not mend: the service must not start over what is broken. */
const isFinal = (error: StartError) => error.failure.code === "records_broken";

/**
 * Tries until an attempt succeeds. Meanwhile the service's address answers: `/healthz` well, `/readyz` with what is waited for,
 * everything else `not_ready`. Undefined when it was stopped before. @throws what waiting does not mend.
 */
export async function waitFor<T>(options: WaitingOptions<T>): Promise<T | undefined> {
  const { name, address, opens, log } = options;
  let reasons: readonly string[] = ["starting"];
  const room = createHttpService({
    name,
    ...address,
    routes: [],
    otherwise: fail("not_ready", "the service is waiting for what it needs").error,
    readiness: () => reasons,
    opens,
    metrics: createMetrics(name),
    log,
  });
  await room.listen();
  try {
    for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS)) {
      const tried = await Promise.race([options.stopped.then(() => "stopped" as const), attempted(options.attempt)]);
      if (tried === "stopped") return undefined;
      if ("value" in tried) return tried.value;
      if (tried.reasons.join() !== reasons.join()) {
        reasons = tried.reasons;
        pauseMs = FIRST_PAUSE_MS;
        log.warn({ reasons, detail: tried.detail }, "waiting");
      }
      if (await endsWithin(options.stopped, pauseMs)) return undefined;
    }
  } finally {
    await room.close({ drainMs: DRAIN_MS });
  }
}

type Attempted<T> = { readonly value: T } | { readonly reasons: readonly string[]; readonly detail: string };

async function attempted<T>(attempt: () => Promise<T>): Promise<Attempted<T>> {
  try {
    return { value: await attempt() };
  } catch (error) {
    if (!(error instanceof StartError)) return { reasons: ["start: internal"], detail: messageOf(error) };
    if (isFinal(error)) throw error;
    const { failure, what } = error;
    return { reasons: [`${what}: ${failure.code}`, ...whyOf(failure)], detail: failure.detail };
  }
}

/** What the failure itself names, e.g. `weak_records: sync_interval`. */
function whyOf({ facts }: Failure): readonly string[] {
  const why: unknown = facts?.why;
  return Array.isArray(why) ? why.map(String) : typeof why === "string" ? [why] : [];
}

const messageOf = (error: unknown) => (error instanceof Error ? error.message.slice(0, 300) : "unknown");
