import { readFile } from "node:fs/promises";
import type { IncomingMessage } from "node:http";
import { Agent, request } from "node:https";
import type { Socket } from "node:net";
import { type Json, readJson } from "@seb/canonical";
import { readTls } from "@seb/local";
import type { KubernetesTarget } from "./targets.js";

/** One request to the API. */
export interface Call {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** Path and query below the server's address. */
  readonly path: string;
  readonly body?: unknown;
  /** `application/json` unless said otherwise. */
  readonly contentType?: string;
  /** Bearer token of another identity than the broker's own. */
  readonly token?: string;
  readonly signal: AbortSignal;
  /** Longest wait for the answer, in milliseconds; default 10,000. */
  readonly timeoutMs?: number;
}

/** What came back: an answer of the API, or none. */
export type Reply =
  | { readonly answered: true; readonly status: number; readonly body: Json; readonly at: string | undefined }
  | {
      readonly answered: false;
      /** False is a promise that nothing left this process. */
      readonly sent: boolean;
      /** A kept connection turned out to be closed: most likely the request never arrived. */
      readonly stale: boolean;
    };

const MAX_BODY_BYTES = 4_194_304;
const MAX_DEPTH = 128;
const MAX_TOKEN_BYTES = 16_384;
const MAX_SOCKETS = 128;
const IDLE_MS = 30_000;
const TOKEN_KEPT_MS = 5000;
const DEFAULT_TIMEOUT_MS = 10_000;
const TOKEN = /^[A-Za-z0-9._~+/=-]{1,16000}$/;
const UNSENT: Reply = { answered: false, sent: false, stale: false };
const UNCLEAR: Reply = { answered: false, sent: true, stale: false };

/**
 * The few calls that are needed, over kept connections: a connection for each call would cost more than the call. The broker's own
 * certificate, where it has one, is never shown on the connections that carry an execution's token.
 */
export class KubeClient {
  readonly #target: KubernetesTarget;
  readonly #base: URL;
  #agents: Promise<{ readonly own: Agent; readonly bare: Agent }> | undefined;
  #token: { readonly text: Promise<string | undefined>; readonly untilMs: number } | undefined;

  constructor(target: KubernetesTarget) {
    this.#target = target;
    this.#base = new URL(target.server);
  }

  /**
   * Sends one request. What was lost with a kept connection that turned out to be closed is sent again, unless an execution's token stands
   * in it: whether that may be sent again is for the execution to say.
   */
  async call(call: Call): Promise<Reply> {
    const first = await this.#once(call);
    if (first.answered || !first.stale || call.token !== undefined || call.signal.aborted) return first;
    return this.#once(call);
  }

  close(): void {
    const agents = this.#agents;
    this.#agents = undefined;
    agents?.then(
      ({ own, bare }) => {
        own.destroy();
        bare.destroy();
      },
      () => undefined,
    );
  }

  async #once(call: Call): Promise<Reply> {
    if (call.signal.aborted) return UNSENT;
    const token = call.token ?? (await this.#ownToken());
    const agents = await this.#connect();
    if (agents === undefined || (token === undefined && this.#target.tokenFile !== undefined)) return UNSENT;
    return this.#send(call, token, call.token === undefined ? agents.own : agents.bare);
  }

  #send(call: Call, token: string | undefined, agent: Agent): Promise<Reply> {
    const payload = call.body === undefined ? undefined : Buffer.from(JSON.stringify(call.body), "utf8");
    const signal = AbortSignal.any([call.signal, AbortSignal.timeout(call.timeoutMs ?? DEFAULT_TIMEOUT_MS)]);
    return new Promise((resolve) => {
      let sent = false;
      const sending = request({
        agent,
        signal,
        method: call.method,
        hostname: this.#base.hostname.replace(/^\[|\]$/g, ""),
        port: this.#base.port === "" ? 443 : this.#base.port,
        path: `${this.#base.pathname.replace(/\/$/, "")}${call.path}`,
        headers: {
          accept: "application/json",
          "user-agent": "seb-broker",
          ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
          ...(payload === undefined
            ? {}
            : { "content-type": call.contentType ?? "application/json", "content-length": payload.byteLength }),
        },
      });
      // From the moment the connection stands, what was written may have arrived.
      sending.once("socket", (socket: Socket) => {
        if (socket.connecting)
          socket.once("secureConnect", () => {
            sent = true;
          });
        else sent = true;
      });
      sending.once("error", () => {
        const stale = sending.reusedSocket && !signal.aborted;
        if (stale) dropIdle(agent);
        resolve({ answered: false, sent, stale });
      });
      sending.once("response", (response) => {
        readBody(response).then(
          (body) => resolve(body === undefined ? UNCLEAR : answerOf(response, body)),
          () => resolve(UNCLEAR),
        );
      });
      sending.end(payload);
    });
  }

  #connect(): Promise<{ readonly own: Agent; readonly bare: Agent } | undefined> {
    this.#agents ??= this.#openAgents();
    return this.#agents.catch(() => {
      this.#agents = undefined;
      return undefined;
    });
  }

  async #openAgents(): Promise<{ readonly own: Agent; readonly bare: Agent }> {
    const { caFile, clientCertFile, clientKeyFile } = this.#target;
    const tls = readTls({ caFile, certFile: clientCertFile, keyFile: clientKeyFile });
    if (!tls.ok) throw new Error(tls.error.detail);
    const { ca, cert, key } = tls.value;
    const common = {
      keepAlive: true,
      maxSockets: MAX_SOCKETS,
      timeout: IDLE_MS,
      minVersion: "TLSv1.2" as const,
      ...(ca === undefined ? {} : { ca }),
    };
    const bare = new Agent(common);
    return { bare, own: cert === undefined || key === undefined ? bare : new Agent({ ...common, cert, key }) };
  }

  #ownToken(): Promise<string | undefined> {
    const { tokenFile } = this.#target;
    if (tokenFile === undefined) return Promise.resolve(undefined);
    const now = performance.now();
    if (this.#token === undefined || this.#token.untilMs <= now)
      this.#token = { text: readToken(tokenFile), untilMs: now + TOKEN_KEPT_MS };
    return this.#token.text;
  }
}

/** Where one kept connection was closed, the others have been as well. */
function dropIdle(agent: Agent): void {
  for (const socket of Object.values(agent.freeSockets).flat()) socket?.destroy();
}

/** The token without its line end; undefined when the file cannot be read or holds something else. */
async function readToken(file: string): Promise<string | undefined> {
  try {
    const text = (await readFile(file, "utf8")).trim();
    return text.length <= MAX_TOKEN_BYTES && TOKEN.test(text) ? text : undefined;
  } catch {
    return undefined;
  }
}

async function readBody(response: IncomingMessage): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response) {
    if (!(chunk instanceof Uint8Array)) return undefined;
    size += chunk.byteLength;
    if (size > MAX_BODY_BYTES) {
      response.destroy();
      return undefined;
    }
    chunks.push(Buffer.from(chunk));
  }
  return response.complete ? Buffer.concat(chunks, size) : undefined;
}

/** What is not JSON has no body, but its status still counts. */
function answerOf(response: IncomingMessage, bytes: Buffer): Reply {
  const read = readJson(bytes, { maxBytes: MAX_BODY_BYTES, maxDepth: MAX_DEPTH });
  const { statusCode = 0, headers } = response;
  return { answered: true, status: statusCode, body: read.ok ? read.value : null, at: headers.date };
}
