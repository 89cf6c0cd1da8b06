import { setTimeout as sleep } from "node:timers/promises";
import type { NatsConnection } from "@nats-io/transport-node";
import { type Failure, fail, ok, type Result } from "@seb/schema";
import type { RecordSink } from "../port.js";
import { checkedLines, isWriter, MAX_LINE_BYTES } from "../record-line.js";
import { lastMessages, messagesOf } from "./direct.js";
import type { NatsLink } from "./link.js";
import { type Place, publishOnce } from "./publisher.js";
import { weakSettings } from "./stream-settings.js";

export interface JetStreamSinkOptions {
  readonly link: NatsLink;
  /** Default `SEB_RECORDS`. */
  readonly stream?: string;
  /** The chain of a writer has the subject `<prefix>.<writer>`; default `seb.records`. */
  readonly subjectPrefix?: string;
  /** Bytes kept free below the stream's `max_bytes` for records that finish what was begun; default 0, which keeps none. */
  readonly reserveBytes?: number;
  /** How long one acknowledgement may take, in milliseconds; default 1000. */
  readonly ackMs?: number;
  /** How long an append is tried before the sink is broken for good, in milliseconds; default 10,000. */
  readonly giveUpMs?: number;
}

/** A sink on JetStream. */
export interface JetStreamSink extends RecordSink {
  /** Reasons of the link, and `weak_records: <setting>`: then nothing is claimed or written, and whoever writes is not ready. */
  health(): readonly string[];
}

interface Claimed {
  readonly subject: string;
  nextSeq: number;
  /** Stream sequence of the subject's last message, 0 for none: the fence. */
  last: number;
  /** Settles when the last append has: appends to one chain run one after the other. */
  busy: Promise<unknown>;
}

type Code = "record_failed" | "chain_fork";

const MESSAGE_LINES = 50;
const MESSAGE_BYTES = 524_288;
/** Header with the `seq` behind a message's last line: the end of a chain is found without reading it. */
const NEXT_SEQ = "Seb-Next-Seq";
/** How long claiming waits for a server that is not there, in milliseconds. */
const CLAIM_WAIT_MS = 2000;

/** Lines in groups that fit one message each. */
function* groupsOf(lines: readonly string[]): Generator<readonly string[]> {
  let group: string[] = [];
  let bytes = 0;
  for (const line of lines) {
    if (group.length > 0 && (group.length === MESSAGE_LINES || bytes + line.length + 1 > MESSAGE_BYTES)) {
      yield group;
      group = [];
      bytes = 0;
    }
    group.push(line);
    bytes += line.length + 1;
  }
  if (group.length > 0) yield group;
}

class Sink implements JetStreamSink {
  readonly name = "jetstream";
  readonly #options: JetStreamSinkOptions;
  readonly #stream: string;
  readonly #place: Place;
  readonly #claims = new Map<string, Promise<Result<Claimed, Code>>>();
  #broken: Failure<"record_failed"> | undefined;

  constructor(options: JetStreamSinkOptions) {
    const { link, stream = "SEB_RECORDS", ackMs = 1000, giveUpMs = 10_000 } = options;
    this.#options = options;
    this.#stream = stream;
    this.#place = { link, stream, ackMs, giveUpMs };
  }

  health(): readonly string[] {
    return [...this.#options.link.reasons(), ...this.#weak()];
  }

  async claim(writer: string): ReturnType<RecordSink["claim"]> {
    const claimed = await this.#claimed(writer);
    return claimed.ok ? ok({ tornBytes: 0 }) : claimed;
  }

  async append(writer: string, expectedSeq: number, lines: readonly string[]): Promise<Result<void, Code>> {
    if (lines.length === 0) return ok(undefined);
    checkedLines(lines);
    const claimed = await this.#claimed(writer);
    if (!claimed.ok) return claimed;
    const chain = claimed.value;
    const result = chain.busy.then(() => this.#write(chain, expectedSeq, lines));
    chain.busy = result;
    return result;
  }

  async *read(writer: string, fromSeq = 0): AsyncGenerator<string> {
    const connection = await this.#connected();
    let skip = fromSeq;
    for await (const { text } of messagesOf(connection, this.#stream, this.#subject(writer))) {
      for (const line of text.split("\n")) {
        if (skip === 0) yield line.slice(0, MAX_LINE_BYTES + 1);
        else skip -= 1;
      }
    }
  }

  async torn(): Promise<number> {
    return 0;
  }

  async writers(): Promise<readonly string[]> {
    const prefix = `${this.#prefix}.`;
    const last = await lastMessages(await this.#connected(), this.#stream, `${prefix}*`);
    return last
      .map(({ subject }) => subject.slice(prefix.length))
      .filter(isWriter)
      .sort();
  }

  async low(): Promise<boolean> {
    const { link, reserveBytes = 0 } = this.#options;
    const stream = link.stream(this.#stream);
    const maxBytes = Number(stream?.config.max_bytes ?? -1);
    return reserveBytes > 0 && stream !== undefined && maxBytes >= 0 && maxBytes - stream.bytes < reserveBytes;
  }

  async close(): Promise<void> {
    this.#broken ??= { code: "record_failed", detail: "The record sink is closed." };
    for (const pending of this.#claims.values()) {
      const claimed = await pending;
      if (claimed.ok) await claimed.value.busy;
    }
    this.#claims.clear();
  }

  get #prefix(): string {
    return this.#options.subjectPrefix ?? "seb.records";
  }

  #subject(writer: string): string {
    if (!isWriter(writer)) throw new TypeError("not the name of a writer");
    return `${this.#prefix}.${writer}`;
  }

  #weak(): readonly string[] {
    return weakSettings(this.#options.link.facts(), this.#stream).map((name) => `weak_records: ${name}`);
  }

  async #connected(): Promise<NatsConnection> {
    const endMs = performance.now() + CLAIM_WAIT_MS;
    for (;;) {
      const connection = this.#options.link.connection();
      if (connection !== undefined) return connection;
      if (performance.now() >= endMs) throw new Error("the record stream cannot be reached");
      await sleep(20);
    }
  }

  async #claimed(writer: string): Promise<Result<Claimed, Code>> {
    if (this.#broken) return { ok: false, error: this.#broken };
    const known = this.#claims.get(writer);
    if (known) return known;
    const made = this.#take(writer, this.#subject(writer));
    this.#claims.set(writer, made);
    const result = await made;
    if (!result.ok) this.#claims.delete(writer);
    return result;
  }

  /** Finds the chain's end. Nothing is locked: whoever appends behind a message that is not the last any more is refused by the server. */
  async #take(writer: string, subject: string): Promise<Result<Claimed, Code>> {
    try {
      const connection = await this.#connected();
      const why = this.health();
      if (why.length > 0) return fail("record_failed", "The record stream is not to be relied on.", { facts: { why } });
      const [last] = await lastMessages(connection, this.#stream, subject);
      const next = Number(last?.header(NEXT_SEQ) ?? Number.NaN);
      const nextSeq =
        last === undefined ? 0 : Number.isSafeInteger(next) && next > 0 ? next : await this.#count(writer);
      return ok({ subject, nextSeq, last: last?.sequence ?? 0, busy: Promise.resolve() });
    } catch {
      return fail("record_failed", "The record stream cannot be read.", { facts: { why: this.health() } });
    }
  }

  async #count(writer: string): Promise<number> {
    let lines = 0;
    for await (const _ of this.read(writer)) lines += 1;
    return lines;
  }

  async #write(chain: Claimed, expectedSeq: number, lines: readonly string[]): Promise<Result<void, Code>> {
    if (this.#broken) return { ok: false, error: this.#broken };
    if (expectedSeq !== chain.nextSeq)
      return fail("chain_fork", "The chain ends elsewhere.", { facts: { end: chain.nextSeq, expected: expectedSeq } });
    // It was strong when the chain was claimed; an answer from now on would not mean what a record stands for. A server that starts may not
    // name its streams yet: where there is none, the server refuses by itself.
    const why = this.#weak().filter((reason) => reason !== "weak_records: stream");
    if (why.length > 0) return fail("record_failed", "The record stream became too weak.", { facts: { why } });
    for (const group of groupsOf(lines)) {
      const next = chain.nextSeq + group.length;
      const published = await publishOnce(this.#place, {
        subject: chain.subject,
        payload: Buffer.from(group.join("\n"), "latin1"),
        after: chain.last,
        headers: { [NEXT_SEQ]: `${next}` },
      });
      if (!published.ok) {
        const { error } = published;
        // What became of it is not known, so nothing may be written behind it.
        if (error.code === "record_failed") this.#broken = { ...error, code: "record_failed" };
        return published;
      }
      chain.last = published.value;
      chain.nextSeq = next;
    }
    return ok(undefined);
  }
}

/**
 * Chains in one JetStream stream, for services on several machines: a subject per writer, lines joined per message, each message behind
 * an expected last one. An append resolves when the server has synced it. A try without answer is made again for some seconds; then the
 * sink is broken for good. Methods throw TypeError for a writer that is not an instance name.
 */
export function openJetStreamSink(options: JetStreamSinkOptions): JetStreamSink {
  return new Sink(options);
}
