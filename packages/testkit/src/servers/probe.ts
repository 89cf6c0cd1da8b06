import { request as plainRequest } from "node:http";
import { request as secureRequest } from "node:https";
import { connect, type Socket } from "node:net";
import { connect as secureConnect } from "node:tls";

/** How long one probe may take, in milliseconds. */
const probeTimeoutMs = 2000;

/** PEM texts a client needs: whom to trust, and what to show when the server asks. */
export interface ClientTls {
  ca: string;
  cert?: string;
  key?: string;
}

/** Sends `text` (if any) to a loopback port and answers the first line that comes back; undefined when none comes. */
export function firstLine(port: number, text?: string, tls?: ClientTls): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket: Socket =
      tls === undefined ? connect(port, "127.0.0.1") : secureConnect({ port, host: "127.0.0.1", ...tls });
    let got = "";
    const finish = (line: string | undefined) => {
      socket.destroy();
      resolve(line);
    };
    socket.setEncoding("utf8");
    socket.setTimeout(probeTimeoutMs, () => finish(undefined));
    socket.once("error", () => finish(undefined));
    socket.once("close", () => finish(undefined));
    if (text !== undefined) socket.write(text);
    socket.on("data", (chunk: string) => {
      got += chunk;
      const end = got.indexOf("\r\n");
      if (end !== -1) finish(got.slice(0, end));
    });
  });
}

/** GET of an http or https URL; the status, or undefined when there is no answer. */
export function httpStatus(url: string, options: { ca?: string; token?: string } = {}): Promise<number | undefined> {
  return new Promise((resolve) => {
    const request = url.startsWith("https:") ? secureRequest : plainRequest;
    const headers = options.token === undefined ? {} : { authorization: `Bearer ${options.token}` };
    const ca = options.ca === undefined ? {} : { ca: options.ca };
    const call = request(url, { headers, ...ca, agent: false, timeout: probeTimeoutMs }, (response) => {
      response.resume();
      resolve(response.statusCode);
    });
    call.once("timeout", () => call.destroy());
    call.once("error", () => resolve(undefined));
    call.end();
  });
}
