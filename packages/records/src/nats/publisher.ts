import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { jetstream } from "@nats-io/jetstream";
import { headers, type NatsConnection } from "@nats-io/transport-node";
import { fail, ok, type Result } from "@seb/schema";
import { lastMessages } from "./direct.js";
import type { NatsLink } from "./link.js";

export interface Place {
  readonly link: NatsLink;
  readonly stream: string;
  /** One try, in milliseconds. */
  readonly ackMs: number;
  /** All tries together. */
  readonly giveUpMs: number;
}

export interface Message {
  readonly subject: string;
  readonly payload: Uint8Array;
  /** Stream sequence of the subject's last message, 0 for none: the server refuses the message when that is not its last one. */
  readonly after: number;
  readonly headers: Readonly<Record<string, string>>;
}

/** Carries what nobody else can have written: by it a message whose acknowledgement was lost is known again. */
const OWN = "Seb-Message";

export type PublishResult = Result<number, "record_failed" | "chain_fork">;

/** Code of the server: the subject's last message is another one than was expected. */
const WRONG_LAST_SEQUENCE = 10071;
const PAUSE_MS = 50;

type Try = { readonly stored: number } | { readonly refused: number } | "unsure";

function serverCode(error: unknown): number | undefined {
  if (typeof error !== "object" || error === null || !("name" in error) || error.name !== "JetStreamApiError")
    return undefined;
  return "code" in error && typeof error.code === "number" ? error.code : undefined;
}

/**
 * One try. Deduplication by message id is not used: it is the whole stream's, comes before the expectation is looked at, and whoever may
 * write anything at all could take an id first, so that a message of somebody else counts as stored.
 */
async function tryOnce(connection: NatsConnection, message: Message, id: string, ackMs: number): Promise<Try> {
  const names = headers();
  names.set(OWN, id);
  for (const [name, value] of Object.entries(message.headers)) names.set(name, value);
  try {
    const ack = await jetstream(connection).publish(message.subject, message.payload, {
      expect: { lastSubjectSequence: message.after },
      timeout: ackMs,
      headers: names,
      retries: 0,
    });
    return ack.duplicate ? "unsure" : { stored: ack.seq };
  } catch (error) {
    const refused = serverCode(error);
    return refused === undefined ? "unsure" : { refused };
  }
}

/** Stream sequence of our own message, if it is the subject's last one; "behind" when what answered has not caught up yet. */
async function ownLast(
  connection: NatsConnection,
  place: Place,
  message: Message,
  id: string,
): Promise<number | "behind" | "other"> {
  try {
    const [last] = await lastMessages(connection, place.stream, message.subject);
    if (last === undefined || last.sequence <= message.after) return "behind";
    return last.header(OWN) === id ? last.sequence : "other";
  } catch {
    return "behind";
  }
}

/**
 * Publishes one message once. A try without answer is made again, with the same expectation: whichever arrives first is stored, every other one is refused by the server; then the last message tells whether it is ours.
 */
export async function publishOnce(place: Place, message: Message): Promise<PublishResult> {
  const endMs = performance.now() + place.giveUpMs;
  const id = randomBytes(18).toString("base64url");
  let unsure = false;
  while (performance.now() < endMs) {
    const connection = place.link.connection();
    const tried = connection === undefined ? "unsent" : await tryOnce(connection, message, id, place.ackMs);
    if (typeof tried === "object" && "stored" in tried) return ok(tried.stored);
    if (typeof tried === "object" && tried.refused !== WRONG_LAST_SEQUENCE)
      return fail("record_failed", "The server refused the record.", { facts: { nats: tried.refused } });
    if (typeof tried === "object" && connection !== undefined) {
      const last = unsure ? await ownLast(connection, place, message, id) : "other";
      if (typeof last === "number") return ok(last);
      if (last === "other") return fail("chain_fork", "The chain ends elsewhere.");
    }
    if (tried === "unsure") unsure = true;
    await sleep(PAUSE_MS);
  }
  return fail("record_failed", "The server did not acknowledge the record.");
}
