import { jetstream } from "@nats-io/jetstream";
import type { Msg, NatsConnection, Subscription } from "@nats-io/transport-node";
import { fail, ok, type Result } from "@seb/schema";
import type { StatusFeed } from "../port.js";
import { LiveTail } from "./live-tail.js";

/** What the feed needs of a connection to NATS; `openNatsLink` of @seb/records/nats gives it. */
export interface FeedLink {
  connection(): NatsConnection | undefined;
  /** Calls back with the connection now, if there is one, and after each connect and reconnect. Returns the way to stop. */
  onConnect(receive: (connection: NatsConnection) => void): () => void;
  stream(name: string): { readonly config: Readonly<Record<string, unknown>> } | undefined;
  /** Reasons not to rely on the servers. */
  reasons(): readonly string[];
}

export interface NatsFeedOptions {
  readonly link: FeedLink;
  /** Default `SEB_STATUS`. */
  readonly stream?: string;
  /** Where statuses are published; the stream republishes what it stored to `<subject>.live`. Default `seb.status`. */
  readonly subject?: string;
  /** How long a publication may go unacknowledged, and how long one question for the last status may take; default 1000 ms. */
  readonly ackMs?: number;
}

export interface NatsFeed extends StatusFeed {
  /** Reasons of the link; `weak_feed: <setting>` when the stream would not bring each status to everybody; `feed_not_synced`. */
  health(): readonly string[];
  /** Ends every subscription. The link stays open. */
  close(): void;
}

const RETRY_MS = 200;
const NOT_FOUND = 404;

/** One subscriber: the live subject, and the last status anew after each connect. */
class Receiver {
  readonly #tail: LiveTail;
  readonly #stopFollowing: () => void;
  #subscription: Subscription | undefined;
  #on: NatsConnection | undefined;
  #round = 0;
  #stopped = false;
  /** True once the last status was asked for successfully on the present connection. */
  synced = false;

  constructor(
    private readonly options: Required<NatsFeedOptions>,
    receive: (token: string) => void,
  ) {
    this.#tail = new LiveTail(receive);
    this.#stopFollowing = options.link.onConnect((connection) => this.#follow(connection));
  }

  stop(): void {
    this.#stopped = true;
    this.#round += 1;
    this.#stopFollowing();
    this.#tail.stop();
    this.#drop();
  }

  #drop(): void {
    if (this.#on?.isClosed() === false) this.#subscription?.unsubscribe();
  }

  #follow(connection: NatsConnection): void {
    // A reconnected client brings its subscriptions along; a new one does not.
    if (connection !== this.#on) {
      this.#on = connection;
      this.#subscription = connection.subscribe(`${this.options.subject}.live`, {
        callback: (error, message) => {
          if (error === null) this.#arrived(message);
        },
      });
    }
    void this.#resync(connection);
  }

  #arrived(message: Msg): void {
    if (this.#stopped) return;
    const sequence = Number(message.headers?.get("Nats-Sequence"));
    if (this.#tail.arrived(sequence, message.string()) === "restarted" && this.#on !== undefined)
      void this.#resync(this.#on);
  }

  /** Asks for the last status until it is answered or another round begins. What comes meanwhile waits. */
  async #resync(connection: NatsConnection): Promise<void> {
    this.#round += 1;
    const round = this.#round;
    this.synced = false;
    this.#tail.hold();
    while (round === this.#round && !connection.isClosed()) {
      const last = await this.#last(connection);
      if (round !== this.#round) return;
      if (last !== undefined) {
        this.synced = true;
        return this.#tail.release(last);
      }
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS).unref());
    }
  }

  async #last(connection: NatsConnection): Promise<{ sequence: number; token: string | undefined } | undefined> {
    const { stream, subject, ackMs } = this.options;
    try {
      // Registered at the server before the question: what is stored after the answer arrives by the subscription.
      const answer = await connection.request(`$JS.API.DIRECT.GET.${stream}.${subject}`, "", { timeout: ackMs });
      const status = answer.headers?.code ?? 0;
      if (status === NOT_FOUND) return { sequence: 0, token: undefined };
      const sequence = Number(answer.headers?.get("Nats-Sequence"));
      return status === 0 && Number.isSafeInteger(sequence) ? { sequence, token: answer.string() } : undefined;
    } catch {
      return undefined;
    }
  }
}

class Feed implements NatsFeed {
  readonly #options: Required<NatsFeedOptions>;
  readonly #receivers = new Set<Receiver>();

  constructor({ link, stream = "SEB_STATUS", subject = "seb.status", ackMs = 1000 }: NatsFeedOptions) {
    this.#options = { link, stream, subject, ackMs };
  }

  async publish(token: string): Promise<Result<void, "store_unavailable">> {
    const { link, subject, ackMs } = this.#options;
    const connection = link.connection();
    // Without a connection the client would keep the message and send it when it is old.
    if (connection === undefined) return fail("store_unavailable", "The status feed cannot be reached.");
    try {
      await jetstream(connection).publish(subject, token, { timeout: ackMs, retries: 0 });
      return ok(undefined);
    } catch {
      return fail("store_unavailable", "The status feed did not acknowledge the status.");
    }
  }

  subscribe(receive: (token: string) => void): () => void {
    const receiver = new Receiver(this.#options, receive);
    this.#receivers.add(receiver);
    return () => {
      this.#receivers.delete(receiver);
      receiver.stop();
    };
  }

  health(): readonly string[] {
    const { link, stream, subject } = this.#options;
    const reasons = link.reasons();
    // While nobody can say what is set, the link has said so.
    if (reasons.length > 0) return reasons;
    const config = link.stream(stream)?.config;
    const weak = weakSettings(config, subject).map((name) => `weak_feed: ${name}`);
    return [...this.#receivers].every(({ synced }) => synced) ? weak : [...weak, "feed_not_synced"];
  }

  close(): void {
    for (const receiver of this.#receivers) receiver.stop();
    this.#receivers.clear();
  }
}

function weakSettings(config: Readonly<Record<string, unknown>> | undefined, subject: string): readonly string[] {
  if (config === undefined) return ["stream"];
  const weak: string[] = [];
  if (config.max_msgs_per_subject !== 1) weak.push("max_msgs_per_subject");
  if (config.discard !== "old") weak.push("discard");
  // A single server forgets a stream in memory altogether when it restarts.
  if (config.storage !== "file") weak.push("storage");
  if (config.allow_direct !== true) weak.push("allow_direct");
  const { republish } = config;
  const to = typeof republish === "object" && republish !== null && "dest" in republish ? republish.dest : undefined;
  if (to !== `${subject}.live`) weak.push("republish");
  return weak;
}

/**
 * Signed statuses over JetStream. A publication counts when the stream has stored it; the stream keeps the last one and republishes what
 * it stored, with its sequence. Subscribers listen to that and ask for the last one after each connect. They need no consumer, and so no
 * right but to listen and to read one message.
 */
export function openNatsFeed(options: NatsFeedOptions): NatsFeed {
  return new Feed(options);
}
