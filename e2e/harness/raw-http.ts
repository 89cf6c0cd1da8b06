import { request } from "node:http";
import { connect, type Socket } from "node:net";
import type { Answer } from "./agent.js";

/** One request with exactly these headers, also twice the same: what `fetch` would join or refuse. */
export function rawRequest(
  url: string,
  headers: readonly (readonly [string, string])[],
  body?: string,
  method = body === undefined ? "GET" : "POST",
): Promise<Answer> {
  const { hostname, port, pathname } = new URL(url);
  const flat = headers.flat();
  if (!headers.some(([name]) => name.toLowerCase() === "host")) flat.push("Host", `${hostname}:${port}`);
  if (body !== undefined) flat.push("Content-Length", String(Buffer.byteLength(body)));
  return new Promise((resolve, reject) => {
    const sent = request({ hostname, port, path: pathname, method, headers: flat, agent: false }, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (chunk: string) => {
        text += chunk;
      });
      response.on("end", () => {
        const found = new Headers();
        for (const [name, value] of Object.entries(response.headers)) found.set(name, String(value));
        resolve({ status: response.statusCode ?? 0, body: text === "" ? {} : JSON.parse(text), headers: found });
      });
    });
    sent.on("error", reject);
    sent.end(body);
  });
}

/** Sends bytes as they are and answers what comes back until the server closes, or after `timeoutMs`. */
export function rawBytes(url: string, bytes: string | Uint8Array, timeoutMs = 5000): Promise<string> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve) => {
    let text = "";
    const socket: Socket = connect({ host: hostname, port: Number(port) }, () => socket.write(bytes));
    const finish = () => {
      clearTimeout(timer);
      socket.destroy();
      resolve(text);
    };
    const timer = setTimeout(finish, timeoutMs);
    socket.setEncoding("utf8").on("data", (chunk: string) => {
      text += chunk;
    });
    socket.on("error", finish).on("close", finish);
  });
}
