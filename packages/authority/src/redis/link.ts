import { createHash } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { Redis } from "ioredis";
import type { Endpoint } from "./options.js";
import { configFields, infoFields, SETTING_NAMES, weakSettings } from "./settings.js";

/** A Lua script and the digest under which the server caches it. */
export interface Script {
  readonly text: string;
  readonly sha: string;
}

export function scriptOf(text: string): Script {
  return { text, sha: createHash("sha1").update(text).digest("hex") };
}

/**
 * What became of a command: answered; refused by the server, which then changed nothing; never sent; or unsure: sent, and no answer came,
 * so that it may have been carried out or still be.
 */
export type Sent =
  | { readonly kind: "answer"; readonly value: unknown }
  | { readonly kind: "refused" }
  | { readonly kind: "not_sent" }
  | { readonly kind: "unsure" };

const NOT_SENT: Sent = { kind: "not_sent" };
/** Pause between two looks at a connection that is not usable yet, in milliseconds. */
const POLL_MS = 20;
/** Pause before a check that got no answer is made again. */
const RECHECK_MS = 250;

export interface LinkOptions {
  readonly endpoint: Endpoint;
  readonly minReplicas: number;
  readonly settingsEveryMs: number;
}

/**
 * One connection to the store. It carries commands only while the server behind it was found strong enough: checked after each connect,
 * before anything else is sent, and again every few seconds. It never sends a command twice of its own accord.
 */
export class RedisLink {
  readonly #options: LinkOptions;
  readonly #client: Redis;
  #reasons: readonly string[] = ["store_unreachable"];
  #sound = false;
  /** Counts connections: what an earlier one answered says nothing about this one. */
  #epoch = 0;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(options: LinkOptions) {
    this.#options = options;
    this.#client = new Redis(options.endpoint.client);
    this.#client.on("ready", () => {
      this.#epoch += 1;
      void this.#check();
    });
    this.#client.on("close", () => {
      this.#epoch += 1;
      this.#sound = false;
      this.#reasons = ["store_unreachable"];
      clearTimeout(this.#timer);
    });
    // Every error also ends as a rejected command or a lost connection; without a listener it would end the process.
    this.#client.on("error", () => undefined);
  }

  /** Connects, and goes on trying in the background; resolves when the server was judged or `withinMs` are over. Exposed links stay shut. */
  async start(withinMs: number): Promise<void> {
    if (this.#options.endpoint.exposed.length > 0) return;
    const endMs = performance.now() + withinMs;
    this.#client.connect().catch(() => undefined);
    while (this.#reasons.includes("store_unreachable") && performance.now() < endMs) await sleep(POLL_MS);
  }

  /** Why this link must not be relied on now; none when it may be. */
  reasons(): readonly string[] {
    const { exposed } = this.#options.endpoint;
    return exposed.length > 0 ? exposed : this.#reasons;
  }

  get usable(): boolean {
    return this.#sound && this.#client.status === "ready";
  }

  /** Waits until the link is usable; false when it is not within the time, or closed. */
  async usableWithin(ms: number): Promise<boolean> {
    const endMs = performance.now() + ms;
    for (;;) {
      if (this.#closed || performance.now() >= endMs) return false;
      if (this.usable) return true;
      await sleep(POLL_MS);
    }
  }

  /** Sends one command. */
  async send(command: string, ...args: readonly string[]): Promise<Sent> {
    return this.usable ? this.#send(command, args) : NOT_SENT;
  }

  /** Sends commands on one connection, one right after the other: the answers are those of one server. */
  async together(...commands: readonly (readonly [string, ...string[]])[]): Promise<readonly Sent[]> {
    if (!this.usable) return commands.map(() => NOT_SENT);
    return Promise.all(commands.map(([command, ...args]) => this.#send(command, args)));
  }

  /** Runs a script by its digest, and by its text when the server does not know it: then nothing of it has run. */
  async run(script: Script, keys: readonly string[], args: readonly string[]): Promise<Sent> {
    if (!this.usable) return NOT_SENT;
    const rest = [`${keys.length}`, ...keys, ...args];
    try {
      return { kind: "answer", value: await this.#client.call("EVALSHA", script.sha, ...rest) };
    } catch (error) {
      if (!/^NOSCRIPT\b/.test(replyError(error) ?? "")) return whatFailed(error);
    }
    return this.send("EVAL", script.text, ...rest);
  }

  close(): void {
    this.#closed = true;
    this.#sound = false;
    clearTimeout(this.#timer);
    this.#client.disconnect();
  }

  async #send(command: string, args: readonly string[]): Promise<Sent> {
    try {
      return { kind: "answer", value: await this.#client.call(command, ...args) };
    } catch (error) {
      return whatFailed(error);
    }
  }

  async #check(): Promise<void> {
    const epoch = this.#epoch;
    const [info, config] = await Promise.all([this.#send("INFO", []), this.#send("CONFIG", ["GET", ...SETTING_NAMES])]);
    if (epoch !== this.#epoch || this.#closed) return;
    const reasons = this.#judge(info, config);
    // A server that is merely slow stays as strong as it was found; one that was never found strong is not used.
    if (reasons !== undefined) this.#sound = reasons.length === 0;
    this.#reasons = reasons ?? ["store_unreachable"];
    const pauseMs = reasons === undefined ? RECHECK_MS : this.#options.settingsEveryMs;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#check(), pauseMs);
    this.#timer.unref();
  }

  #judge(info: Sent, config: Sent): readonly string[] | undefined {
    if (info.kind === "refused" || config.kind === "refused") return ["weak_store: settings not readable"];
    if (info.kind !== "answer" || config.kind !== "answer") return undefined;
    const fields = infoFields(String(info.value));
    const settings = configFields(Array.isArray(config.value) ? config.value : []);
    return weakSettings(settings, fields, this.#options.minReplicas).map((name) => `weak_store: ${name}`);
  }
}

/** The server's own words of refusal; undefined when the error is of the connection. By shape: errors may come from another realm. */
function replyError(error: unknown): string | undefined {
  if (typeof error !== "object" || error === null || !("name" in error) || error.name !== "ReplyError")
    return undefined;
  return "message" in error && typeof error.message === "string" ? error.message : "";
}

function whatFailed(error: unknown): Sent {
  return { kind: replyError(error) === undefined ? "unsure" : "refused" };
}
