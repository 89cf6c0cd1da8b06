import { readFileSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { Agent, createServer, request } from "node:https";
import type { AddressInfo } from "node:net";
import { testCertificates } from "@seb/testkit";

/** One call of the broker's process, and its answer. */
export interface Tapped {
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  readonly token: string;
  readonly body: string;
  status: number;
  answer: string;
}

/** The wire between the broker's process and the API server. Everything is passed on as it is. */
export interface Tap {
  readonly url: string;
  readonly caFile: string;
  readonly calls: readonly Tapped[];
  /** Runs before a call is passed on, so that something can happen between the broker's check and the server's. */
  before: ((call: Tapped) => Promise<void>) | undefined;
  close(): Promise<void>;
}

async function bodyOf(message: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** Listens on loopback with a certificate of its own, made in `folder`, and passes on to the server at `to`. */
export async function startTap(folder: string, to: { readonly url: string; readonly ca: string }): Promise<Tap> {
  const files = testCertificates(folder);
  const agent = new Agent({ keepAlive: true, ca: to.ca });
  const calls: Tapped[] = [];

  async function pass(from: IncomingMessage, answer: ServerResponse): Promise<void> {
    const payload = await bodyOf(from);
    const { method = "GET", url = "/", headers } = from;
    const token = (headers.authorization ?? "").replace(/^Bearer /, "");
    const [path = ""] = url.split("?");
    const call: Tapped = { method, path, token, body: payload.toString("utf8"), status: 0, answer: "" };
    calls.push(call);
    await tap.before?.(call);
    const { host: _, connection: __, ...kept } = headers;
    const replied = await new Promise<IncomingMessage>((resolve, reject) => {
      const sent = request(`${to.url}${url}`, { method, agent, headers: kept }, resolve);
      sent.once("error", reject);
      sent.end(payload);
    });
    const text = await bodyOf(replied);
    call.status = replied.statusCode ?? 0;
    call.answer = text.toString("utf8");
    const { connection: ___, "transfer-encoding": ____, ...shown } = replied.headers;
    answer.writeHead(call.status, { ...shown, "content-length": text.byteLength });
    answer.end(text);
  }

  const tls = { cert: readFileSync(files.certFile), key: readFileSync(files.keyFile) };
  const server = createServer(tls, (from, answer) => {
    pass(from, answer).catch(() => from.socket.destroy());
  });
  // The broker's kept connections are ended by the broker, never under its hands.
  server.keepAliveTimeout = 0;
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const tap: Tap = {
    url: `https://127.0.0.1:${port}`,
    caFile: files.caFile,
    calls,
    before: undefined,
    close: () =>
      new Promise((resolve) => {
        agent.destroy();
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
  return tap;
}
