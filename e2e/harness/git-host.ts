import { spawn } from "node:child_process";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";

/** A repository behind smart HTTP that wants a credential, as real hosts do. */
export interface GitHost {
  readonly url: string;
  /** How many requests showed the right credential. */
  admitted(): number;
  /** From now on, every request is refused with the words of the credential that it showed. */
  refuse(): void;
  close(): Promise<void>;
}

/** Serves `folder` by git's own CGI program; every request must carry `user:password` (RFC 7617). */
export async function startGitHost(folder: string, repository: string, credential: string): Promise<GitHost> {
  const wanted = `Basic ${Buffer.from(credential).toString("base64")}`;
  let admitted = 0;
  let refusing = false;

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Uint8Array[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const given = request.headers.authorization;
    if (refusing || given !== wanted) {
      response.writeHead(401, { "www-authenticate": 'Basic realm="ops"' }).end(`no entry with ${given ?? "nothing"}\n`);
      return;
    }
    admitted += 1;
    const output = await cgi(folder, request, Buffer.concat(chunks));
    const end = output.indexOf("\r\n\r\n");
    for (const line of output.subarray(0, end).toString("latin1").split("\r\n")) {
      const [, name, value] = /^([^:]+): (.*)$/.exec(line) ?? [];
      if (name === "Status") response.statusCode = Number(value?.slice(0, 3));
      else if (name !== undefined && value !== undefined) response.setHeader(name, value);
    }
    response.end(output.subarray(end + 4));
  }

  const server = createServer((request, response) => {
    answer(request, response).catch(() => request.socket.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}/${repository}`,
    admitted: () => admitted,
    refuse: () => {
      refusing = true;
    },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function cgi(folder: string, request: IncomingMessage, body: Buffer): Promise<Buffer> {
  const { pathname, search } = new URL(request.url ?? "/", "http://127.0.0.1");
  const child = spawn("git", ["http-backend"], {
    env: {
      PATH: process.env.PATH,
      HOME: "/nonexistent",
      GIT_PROJECT_ROOT: folder,
      GIT_HTTP_EXPORT_ALL: "1",
      GIT_CONFIG_NOSYSTEM: "1",
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
