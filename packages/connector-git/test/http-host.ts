// Serves a bare repository over smart HTTP by git's own CGI program, and fails on demand as networks do.
import { spawn } from "node:child_process";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { GitRig } from "./rig.js";

/** What becomes of a push: of its last request, which carries the commands. */
export type PushFate = "served" | "cut before" | "cut after" | "silent after";

export class HttpHost {
  /** What the next pushes meet. */
  fate: PushFate = "served";
  /** Called before a push is carried out. */
  onPush: (() => Promise<void>) | undefined;
  /** Authorization headers of all requests so far, by path. */
  readonly authorizations: (string | undefined)[] = [];
  readonly #server: Server;
  readonly #rig: GitRig;
  readonly #authorization: string;

  private constructor(rig: GitRig, credential: string) {
    this.#rig = rig;
    this.#authorization = `Basic ${Buffer.from(credential).toString("base64")}`;
    this.#server = createServer((request, response) => {
      this.#answer(request, response).catch(() => request.socket.destroy());
    });
  }

  /** Starts serving on the loopback interface; every request must carry the credential, `user:password`. */
  static async start(rig: GitRig, credential: string): Promise<HttpHost> {
    const host = new HttpHost(rig, credential);
    await new Promise<void>((resolve) => host.#server.listen(0, "127.0.0.1", resolve));
    return host;
  }

  get url(): string {
    const { port } = this.#server.address() as AddressInfo;
    return `http://127.0.0.1:${port}/target.git`;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.authorizations.push(request.headers.authorization);
    if (request.headers.authorization !== this.#authorization) {
      response.writeHead(401, { "www-authenticate": 'Basic realm="ops"' }).end();
      return;
    }
    const chunks: Uint8Array[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const body = Buffer.concat(chunks);
    const pushes = request.method === "POST" && request.url?.endsWith("/git-receive-pack") === true && body.length > 4;
    if (pushes) await this.onPush?.();
    if (pushes && this.fate === "cut before") return void request.socket.destroy();
    const answer = await this.#cgi(request, body);
    if (pushes && this.fate === "cut after") return void request.socket.destroy();
    if (pushes && this.fate === "silent after") return;
    const end = answer.indexOf("\r\n\r\n");
    for (const line of answer.subarray(0, end).toString("latin1").split("\r\n")) {
      const [, name, value] = /^([^:]+): (.*)$/.exec(line) ?? [];
      if (name === "Status") response.statusCode = Number(value?.slice(0, 3));
      else if (name !== undefined && value !== undefined) response.setHeader(name, value);
    }
    response.end(answer.subarray(end + 4));
  }

  #cgi(request: IncomingMessage, body: Buffer): Promise<Buffer> {
    const { pathname, search } = new URL(request.url ?? "/", this.url);
    const child = spawn("git", ["http-backend"], {
      env: {
        PATH: process.env.PATH,
        GIT_PROJECT_ROOT: this.#rig.folder,
        GIT_HTTP_EXPORT_ALL: "1",
        GIT_CONFIG_NOSYSTEM: "1",
        HOME: this.#rig.folder,
        REMOTE_USER: "broker",
        REQUEST_METHOD: request.method,
        PATH_INFO: pathname,
        QUERY_STRING: search.slice(1),
        CONTENT_TYPE: request.headers["content-type"] ?? "",
        HTTP_CONTENT_ENCODING: request.headers["content-encoding"] ?? "",
        CONTENT_LENGTH: String(body.length),
        GIT_PROTOCOL: String(request.headers["git-protocol"] ?? ""),
      },
      stdio: ["pipe", "pipe", "ignore"],
    });
    return new Promise((resolve) => {
      const chunks: Uint8Array[] = [];
      child.stdout.on("data", (chunk: Uint8Array) => chunks.push(chunk));
      child.on("close", () => resolve(Buffer.concat(chunks)));
      child.stdin.on("error", () => undefined);
      child.stdin.end(body);
    });
  }
}
