import { readFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import type { RealParts } from "./world.js";

// Both protocols by hand: no client's own bounds stand between a user and what the server lets it do.

/** Where `seb init` put the password of a server's user. */
function passwordOf(real: RealParts, server: "redis" | "nats", user: string): string {
  const service = /^(?:signer|broker|revocation|broker-2)$/.test(user.replace(/-1$/, ""))
    ? user.replace(/-1$/, "")
    : "";
  const file = service === "" ? `servers/${server}/${user}.password` : `${service}/${server}.password`;
  return readFileSync(join(real.deployed, file), "utf8").trim();
}

/** Text that a socket brought so far, and the next piece of it. */
class Incoming {
  #text = "";
  #wake = () => {};
  #ended = false;

  constructor(socket: Socket) {
    socket.setEncoding("latin1");
    socket.on("data", (chunk) => {
      this.#text += chunk;
      this.#wake();
    });
    socket.on("error", () => socket.destroy());
    socket.on("close", () => {
      this.#ended = true;
      this.#wake();
    });
  }

  /** One line without its end. @throws when the server has closed the connection. */
  async line(): Promise<string> {
    for (let at = this.#text.indexOf("\r\n"); ; at = this.#text.indexOf("\r\n")) {
      if (at >= 0) return this.#take(at + 2).slice(0, -2);
      await this.#more();
    }
  }

  async bytes(count: number): Promise<string> {
    while (this.#text.length < count) await this.#more();
    return this.#take(count);
  }

  #take(count: number): string {
    const taken = this.#text.slice(0, count);
    this.#text = this.#text.slice(count);
    return taken;
  }

  async #more(): Promise<void> {
    if (this.#ended) throw new Error("the server closed the connection");
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
  }
}

const opened = (port: number) =>
  new Promise<Socket>((resolve, reject) => {
    const socket = connect(port, "127.0.0.1", () => resolve(socket));
    socket.once("error", reject);
  });

export type Reply = string | null | readonly Reply[];

async function replyOf(incoming: Incoming): Promise<Reply> {
  const line = await incoming.line();
  const [kind, rest] = [line[0], line.slice(1)];
  if (kind === "$") return rest === "-1" ? null : (await incoming.bytes(Number(rest) + 2)).slice(0, -2);
  if (kind !== "*") return kind === "-" ? line : rest;
  const list: Reply[] = [];
  for (let at = 0; at < Number(rest); at++) list.push(await replyOf(incoming));
  return list;
}

export interface RedisUser {
  /** Sends one command; an error's text begins with `-`. */
  call(...command: readonly string[]): Promise<Reply>;
  close(): void;
}

/** A connection to Redis as a user of the ACL file; undefined is nobody. */
export async function redisUser(real: RealParts, user?: string): Promise<RedisUser> {
  const socket = await opened(real.redis.port);
  const incoming = new Incoming(socket);
  const call = (...command: readonly string[]) => {
    const parts = command.map((part) => `$${Buffer.byteLength(part)}\r\n${part}\r\n`);
    socket.write(`*${command.length}\r\n${parts.join("")}`);
    return replyOf(incoming);
  };
  if (user !== undefined) {
    const answer = await call("AUTH", user, passwordOf(real, "redis", user));
    if (answer !== "OK") throw new Error(`${user}: ${String(answer)}`);
  }
  return { call, close: () => void socket.destroy() };
}

export interface NatsUser {
  /** Sends protocol lines, each a command with its payload; answers the errors that the server names, in order. */
  errorsOf(...commands: readonly string[]): Promise<readonly string[]>;
  /** Asks and waits for the answer. */
  ask(subject: string, payload: string): Promise<string>;
  close(): void;
}

/** `PUB`, with a reply subject where one is given. */
export const publish = (subject: string, payload = "", reply = "") =>
  `PUB ${subject}${reply === "" ? "" : ` ${reply}`} ${payload.length}\r\n${payload}`;

/** A connection to NATS as a user of the accounts file. */
export async function natsUser(real: RealParts, user: string): Promise<NatsUser> {
  const socket = await opened(real.nats.port);
  const incoming = new Incoming(socket);
  await incoming.line();
  const errors: string[] = [];
  const messages: string[] = [];
  const payloadOf = async (line: string) => (await incoming.bytes(Number(line.split(" ").at(-1)) + 2)).slice(0, -2);
  const answered = async () => {
    for (let line = await incoming.line(); line !== "PONG"; line = await incoming.line()) {
      if (line === "PING") socket.write("PONG\r\n");
      else if (line.startsWith("-ERR")) errors.push(line);
      else if (/^H?MSG /.test(line)) messages.push(await payloadOf(line));
    }
    return errors.splice(0);
  };
  const options = { user, pass: passwordOf(real, "nats", user), verbose: false, pedantic: false, headers: true };
  const errorsOf = (...commands: readonly string[]) => {
    socket.write(`${commands.map((command) => `${command}\r\n`).join("")}PING\r\n`);
    return answered();
  };
  const first = await errorsOf(`CONNECT ${JSON.stringify({ ...options, no_responders: true, protocol: 1 })}`);
  if (first.length > 0) throw new Error(`${user}: ${first.join()}`);
  const ask = async (subject: string, payload: string) => {
    await errorsOf("SUB _INBOX.asked 1", publish(subject, payload, "_INBOX.asked"));
    while (messages.length === 0) await errorsOf();
    return messages.splice(0).join("");
  };
  return { errorsOf, ask, close: () => void socket.destroy() };
}
