import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { ok, type Result } from "@seb/schema";
import { takenExecution } from "../apply.js";
import { epochsNaming } from "../epochs.js";
import type { AdmissionStore, Execution, OpenEntry, Pin, TakeCode, Taken, TakeRequest } from "../port.js";
import { targetsNaming } from "../standing.js";
import { BROKER_KEYS, EXECUTIONS_KEY, OPEN_KEY, TAKES_PREFIX, VIEW_KEY } from "./keys.js";
import { type RedisLink, type Sent, scriptOf } from "./link.js";
import { BROKER_SCRIPT } from "./lua/broker.js";
import { failureOf, type Reply, replyOf, TAKE_CODES, unavailable } from "./reply.js";
import { infoFields } from "./settings.js";
import { entryOf, epochField, executionOf, keptText, revocationField, type StoredEntry } from "./stored.js";

const SCRIPT = scriptOf(BROKER_SCRIPT);
/** Pause between two looks for an entry, in milliseconds. */
const LOOK_AGAIN_MS = 20;
type Word = "note" | "close";

/**
 * The brokers' part of the store. A change whose answer did not come is looked for, by a mark of this very call, before anything is
 * said: found, it is this call's; otherwise the answer is `store_unavailable`, although it may still happen. Then nobody acts on it, and
 * the open entry is taken over after its deadline like that of a broker that died.
 */
export class RedisAdmission implements AdmissionStore {
  constructor(
    private readonly link: RedisLink,
    private readonly confirmMs: number,
  ) {}

  async lookup(certId: string): Promise<Result<Execution | undefined, "store_unavailable">> {
    const sent = await this.link.send("HGET", EXECUTIONS_KEY, certId);
    if (sent.kind !== "answer") return unavailable();
    if (sent.value === null) return ok(undefined);
    const execution = executionOf(sent.value);
    return execution === undefined ? damaged() : ok(execution);
  }

  async take(request: TakeRequest): Promise<Result<Taken, TakeCode>> {
    const attempt = newAttempt();
    const sent = await this.#run("take", askOf(request, attempt), keptText(request.entry), executionStart(request));
    if (sent.kind === "unsure") {
      const found = await this.#find(request.cert_id, attempt, request.pin.run_id);
      if (found === undefined) return unavailable("The store did not answer a take, and no entry of it was found.");
      const { fence, seq, deadline_ms } = found.entry;
      return ok({ fence, seq, deadline_ms });
    }
    const reply = answerOf(sent);
    if (reply === undefined) return unavailable();
    if (reply[0] !== "ok") return failureOf(reply, TAKE_CODES);
    const numbers = numbersOf(reply, 3);
    if (numbers === undefined) return damaged();
    const [seq = 0, deadline_ms = 0, fence = 0] = numbers;
    return ok({ fence, seq, deadline_ms });
  }

  async peek(request: TakeRequest): Promise<Result<Omit<Taken, "fence">, TakeCode>> {
    const reply = answerOf(await this.#run("peek", askOf(request, "")));
    if (reply === undefined) return unavailable();
    if (reply[0] !== "ok") return failureOf(reply, TAKE_CODES);
    const numbers = numbersOf(reply, 2);
    if (numbers === undefined) return damaged();
    const [seq = 0, deadline_ms = 0] = numbers;
    return ok({ seq, deadline_ms });
  }

  async open(): Promise<Result<readonly OpenEntry[], "store_unavailable">> {
    const sent = await this.link.send("HVALS", OPEN_KEY);
    if (sent.kind !== "answer" || !Array.isArray(sent.value)) return unavailable();
    const found: StoredEntry[] = [];
    for (const text of sent.value) {
      const entry = entryOf(text);
      if (entry === undefined) return damaged();
      found.push(entry);
    }
    return ok(found.sort((a, b) => a.born - b.born).map(({ entry }) => entry));
  }

  async takeOver(
    certId: string,
    fence: number,
    by: Parameters<AdmissionStore["takeOver"]>[2],
    pin: Pin,
  ): ReturnType<AdmissionStore["takeOver"]> {
    const attempt = newAttempt();
    const { broker, boot, life_ms } = by;
    const sent = await this.#run("take_over", { cert_id: certId, fence, broker, boot, life_ms, pin, attempt });
    if (sent.kind === "unsure") {
      const found = await this.#find(certId, attempt, pin.run_id);
      return found === undefined ? unavailable() : ok(found.entry);
    }
    const reply = answerOf(sent);
    if (reply === undefined) return unavailable();
    if (reply[0] !== "ok") return failureOf(reply, ["fence_lost", "store_discontinuity"]);
    const entry = entryOf(reply[1]);
    return entry === undefined ? damaged() : ok(entry.entry);
  }

  async holds(certId: string, fence: number): Promise<Result<boolean, "store_unavailable">> {
    const sent = await this.link.send("HGET", OPEN_KEY, certId);
    if (sent.kind !== "answer") return unavailable();
    if (sent.value === null) return ok(false);
    const entry = entryOf(sent.value);
    return entry === undefined ? damaged() : ok(entry.entry.fence === fence);
  }

  note(certId: string, fence: number, execution: Execution): ReturnType<AdmissionStore["note"]> {
    return this.#word("note", certId, fence, JSON.stringify(execution));
  }

  close(certId: string, fence: number, execution: Execution): ReturnType<AdmissionStore["close"]> {
    return this.#word("close", certId, fence, JSON.stringify(execution));
  }

  /** A word may be said twice: the second one finds what the first one did. */
  async #word(word: Word, certId: string, fence: number, text: string): ReturnType<AdmissionStore["close"]> {
    const say = () => this.#run(word, { cert_id: certId, fence }, text);
    const first = await say();
    if (first.kind !== "unsure") return wordAnswer(first);
    if (!(await this.link.usableWithin(this.confirmMs))) return unavailable();
    const again = wordAnswer(await say());
    if (again.ok || again.error.code !== "fence_lost" || word === "note") return again;
    const stored = await this.link.send("HGET", EXECUTIONS_KEY, certId);
    return stored.kind === "answer" && stored.value === text ? ok(undefined) : again;
  }

  #run(op: string, ask: object, ...texts: readonly string[]): Promise<Sent> {
    return this.link.run(SCRIPT, BROKER_KEYS, [op, VIEW_KEY, TAKES_PREFIX, JSON.stringify(ask), ...texts]);
  }

  /** The open entry that this attempt made, if the store still is that run. Looked for until the store answers or time is up. */
  async #find(certId: string, attempt: string, runId: string): Promise<StoredEntry | undefined> {
    const endMs = performance.now() + this.confirmMs;
    while (await this.link.usableWithin(endMs - performance.now())) {
      const [info, sent] = await this.link.together(["INFO", "server"], ["HGET", OPEN_KEY, certId]);
      if (info?.kind !== "answer" || sent?.kind !== "answer") {
        // A connection that has just broken fails at once, and says so only when the event loop turns.
        await sleep(LOOK_AGAIN_MS);
        continue;
      }
      const entry = entryOf(sent.value);
      const same = infoFields(String(info.value)).get("run_id") === runId;
      return same && entry?.attempt === attempt ? entry : undefined;
    }
    return undefined;
  }
}

const damaged = () => unavailable("What the store holds is not what was written.");

/** Names one call, so that its entry is told from that of another call for the same certificate. */
const newAttempt = () => randomBytes(12).toString("base64url");

function answerOf(sent: Sent): Reply | undefined {
  return sent.kind === "answer" ? replyOf(sent.value) : undefined;
}

function wordAnswer(sent: Sent): Result<void, "fence_lost" | "store_unavailable"> {
  const reply = answerOf(sent);
  if (reply === undefined) return unavailable();
  return reply[0] === "ok" ? ok(undefined) : failureOf(reply, ["fence_lost"]);
}

/** So many numbers behind `ok`. */
function numbersOf([, ...texts]: Reply, count: number): number[] | undefined {
  const numbers = texts.map(Number);
  return numbers.length === count && numbers.every(Number.isSafeInteger) ? numbers : undefined;
}

/** What the checks look at and what the entry needs besides its text. What revocations and epochs name is worked out here, not in the script. */
function askOf(request: TakeRequest, attempt: string) {
  const { pin, cert_id, exp, once, ceilings, entry } = request;
  const { broker, boot, life_ms } = entry;
  return {
    ...{ pin, cert_id, exp, once, ceilings, broker, boot, life_ms, attempt },
    busy: entry.request.resource,
    revoking: targetsNaming(request).map((target) => [target.kind, target.value, revocationField(target)]),
    epochs: epochsNaming(request).map(({ name, key, has }) => ({ name, field: epochField(key), has })),
  };
}

/** The text of the execution that a take leaves, without the two last members, which the script knows, and without the brackets. */
function executionStart({ entry, subject }: TakeRequest): string {
  const { life_ms: _, ...rest } = entry;
  const { op, answer } = takenExecution({ entry: { ...rest, fence: 0, seq: 0, deadline_ms: 0 }, subject, now_ms: 0 });
  const { decided_at_ms: _decided, fence: _fence, ...known } = answer;
  return JSON.stringify({ op, answer: known }).slice(0, -2);
}
