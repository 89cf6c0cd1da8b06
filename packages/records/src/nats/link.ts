import { setTimeout as sleep } from "node:timers/promises";
import { connect, type NatsConnection } from "@nats-io/transport-node";
import { ok, type Result } from "@seb/schema";
import { askMonitors, type MonitorFacts, type StreamFacts } from "./monitor.js";
import { type Endpoint, endpointOf, type NatsLinkOptions } from "./options.js";

/** One connection to NATS, for all that a service does there. */
export interface NatsLink {
  /** The connection while it carries messages, otherwise undefined. */
  connection(): NatsConnection | undefined;
  /** Calls back with the connection now, if there is one, and after each connect and reconnect. Returns the way to stop. */
  onConnect(receive: (connection: NatsConnection) => void): () => void;
  /** What the monitoring endpoints said last; undefined when they did not answer. */
  facts(): MonitorFacts | undefined;
  /** The stream's settings; undefined when it does not exist or nobody could say. */
  stream(name: string): StreamFacts | undefined;
  /**
   * Why the servers must not be relied on now: `nats_unreachable`, `nats_plaintext`, `nats_anonymous`, `nats_monitor_plaintext`,
   * `nats_monitor_unreachable`, `weak_nats: server_version`.
   */
  reasons(): readonly string[];
  close(): Promise<void>;
}

/** From here on the server syncs before it acknowledges when it is told to, without the losses that were found before. */
const OLDEST_VERSION = [2, 12, 3] as const;
const FIRST_CONNECT_MS = 1000;
const RETRY_MS = 200;
const POLL_MS = 20;

class Link implements NatsLink {
  readonly #options: NatsLinkOptions;
  readonly #endpoint: Endpoint;
  readonly #receivers = new Set<(connection: NatsConnection) => void>();
  #held: NatsConnection | undefined;
  #carries = false;
  #facts: MonitorFacts | undefined;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;
  #ended: Promise<void> = Promise.resolve();

  constructor(options: NatsLinkOptions, endpoint: Endpoint) {
    this.#options = options;
    this.#endpoint = endpoint;
  }

  async start(): Promise<void> {
    if (this.#endpoint.exposed.length > 0) return;
    this.#ended = this.#keepConnected();
    const looked = this.#look();
    const endMs = performance.now() + FIRST_CONNECT_MS;
    while (!this.#carries && performance.now() < endMs) await sleep(POLL_MS);
    await Promise.race([looked, sleep(FIRST_CONNECT_MS)]);
  }

  connection(): NatsConnection | undefined {
    return this.#carries ? this.#held : undefined;
  }

  onConnect(receive: (connection: NatsConnection) => void): () => void {
    const own = (connection: NatsConnection) => receive(connection);
    this.#receivers.add(own);
    const now = this.connection();
    if (now !== undefined) own(now);
    return () => {
      this.#receivers.delete(own);
    };
  }

  facts(): MonitorFacts | undefined {
    return this.#facts;
  }

  stream(name: string): StreamFacts | undefined {
    return this.#facts?.streams.get(name);
  }

  reasons(): readonly string[] {
    const { exposed } = this.#endpoint;
    if (exposed.length > 0) return exposed;
    const reasons: string[] = [];
    const connection = this.connection();
    if (connection === undefined) reasons.push("nats_unreachable");
    else if (!isNewEnough(connection.info?.version ?? "")) reasons.push("weak_nats: server_version");
    if (this.#facts === undefined) reasons.push("nats_monitor_unreachable");
    return reasons;
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#carries = false;
    clearTimeout(this.#timer);
    await this.#held?.close();
    await this.#ended;
  }

  /** The client reconnects by itself; this starts over when the first connect fails or the client gives up. */
  async #keepConnected(): Promise<void> {
    while (!this.#closed) {
      try {
        const connection = await connect(this.#endpoint.client);
        this.#held = connection;
        if (this.#closed) await connection.close();
        else await this.#follow(connection);
      } catch {
        // Not there, or not willing: `reasons` says so until it is.
      }
      this.#carries = false;
      if (!this.#closed) await sleep(RETRY_MS);
    }
  }

  async #follow(connection: NatsConnection): Promise<void> {
    this.#arrived(connection);
    for await (const { type } of connection.status()) {
      if (type === "disconnect" || type === "staleConnection" || type === "close") this.#carries = false;
      if (type === "reconnect") this.#arrived(connection);
    }
  }

  #arrived(connection: NatsConnection): void {
    this.#carries = true;
    for (const receive of this.#receivers) receive(connection);
  }

  async #look(): Promise<void> {
    const { monitorUrls, files } = this.#endpoint;
    const { account = "STORE", settingsEveryMs = 2000 } = this.#options;
    const facts = await askMonitors(monitorUrls, account, files);
    if (this.#closed) return;
    this.#facts = facts;
    this.#timer = setTimeout(() => void this.#look(), facts === undefined ? RETRY_MS : settingsEveryMs);
    this.#timer.unref();
  }
}

function isNewEnough(version: string): boolean {
  const parts = version.split(/[.-]/).map(Number);
  for (const [place, oldest] of OLDEST_VERSION.entries()) {
    const part = parts[place] ?? Number.NaN;
    if (part !== oldest) return part > oldest;
  }
  return true;
}

/**
 * Connects and goes on trying in the background: servers that are not there yet are a reason, not a failure. Plaintext or nobody on an
 * address that is not loopback is one as well, and no connection is made. Fails with `setting_invalid` when the options or the files that
 * they name are wrong.
 */
export async function openNatsLink(options: NatsLinkOptions): Promise<Result<NatsLink, "setting_invalid">> {
  const endpoint = endpointOf(options);
  if (!endpoint.ok) return endpoint;
  const link = new Link(options, endpoint.value);
  await link.start();
  return ok(link);
}
