import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { base64urlEncode } from "@seb/canonical";
import { CODES, type Code } from "@seb/schema";

/** What a request looked like when it arrived. */
export interface Seen {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}
export type Script = (seen: Seen, response: ServerResponse) => void;

export interface ScriptedServer {
  readonly url: string;
  readonly seen: Seen[];
  script: Script;
  close(): Promise<void>;
}

/**
 * A real HTTP server on loopback that answers as a test tells it to. The services themselves cannot be asked for lost,
 * late, cut or malformed answers; how the SDK gets on with the real ones is shown by the black-box tests.
 */
export async function scriptedServer(script: Script): Promise<ScriptedServer> {
  const seen: Seen[] = [];
  const server: Server = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk) => {
      body += String(chunk);
    });
    request.on("end", () => {
      const entry = { method: request.method ?? "", url: request.url ?? "", headers: request.headers, body };
      seen.push(entry);
      made.script(entry, response);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  const made: ScriptedServer = {
    url: `http://127.0.0.1:${address.port}`,
    seen,
    script,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return made;
}

export function answer(response: ServerResponse, status: number, body: unknown, type = "application/json"): void {
  response.writeHead(status, { "content-type": type });
  response.end(typeof body === "string" ? body : JSON.stringify(body));
}

export function answerProblem(response: ServerResponse, code: Code, requestId: string): void {
  const { status, title, remedy, retry } = CODES[code];
  const problem = { type: "about:blank", title, status, code, detail: title, remedy, retry, request_id: requestId };
  answer(response, status, problem, "application/problem+json");
}

/** A token in the form of a kind, with a signature that nobody made. */
export function unsignedToken(typ: string, claims: unknown): string {
  const part = (value: unknown) => base64urlEncode(new TextEncoder().encode(JSON.stringify(value)));
  const header = { alg: "Ed25519", typ, kid: "a".repeat(43) };
  return `${part(header)}.${part(claims)}.${base64urlEncode(new Uint8Array(64))}`;
}
