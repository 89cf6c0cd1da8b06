import { connect } from "node:net";
import { type Answer, http } from "./agent.js";

/** One refusal: the code it is answered with and what provokes it. */
export type Case = readonly [code: string, provoke: () => Promise<Answer>];

/** Bytes that no HTTP client would send; answers the problem that came back. */
export function raw(base: string, bytes: string): Promise<Answer> {
  const { port } = new URL(base);
  return new Promise((resolve, reject) => {
    let text = "";
    const socket = connect(Number(port), "127.0.0.1", () => socket.write(bytes));
    socket.setEncoding("utf8").on("data", (chunk) => {
      text += chunk;
    });
    socket.on("error", reject).on("close", () => {
      const [head = "", body = "{}"] = text.split("\r\n\r\n");
      resolve({ status: Number(head.split(" ")[1]), body: JSON.parse(body), headers: new Headers() });
    });
  });
}

/** What the HTTP shell of every service refuses, by a path that takes a body. */
export function shellCases(base: () => string, path: string): readonly Case[] {
  const post = (body: string, headers: Record<string, string> = {}) => http(`${base()}${path}`, { body, headers });
  return [
    ["json_syntax", () => post("{")],
    ["json_duplicate_key", () => post('{"a":1,"a":2}')],
    ["json_too_deep", () => post("[".repeat(100) + "]".repeat(100))],
    ["json_lone_surrogate", () => post('{"a":"\\ud800"}')],
    ["json_unsafe_integer", () => post('{"a":9007199254740993}')],
    ["request_invalid", () => post("{}")],
    ["body_too_large", () => post(JSON.stringify("x".repeat(300_000)))],
    ["unsupported_media_type", () => post("{}", { "content-type": "text/plain" })],
    ["method_not_allowed", () => http(`${base()}${path}`, { method: "DELETE" })],
    ["not_found", () => http(`${base()}/v1/nothing`)],
    ["uri_invalid", () => raw(base(), "GET /v1/%2e%2e/x HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")],
    ["http_malformed", () => raw(base(), "NOT HTTP\r\n\r\n")],
    ["http_headers_too_large", () => raw(base(), `GET / HTTP/1.1\r\nhost: x\r\nx: ${"x".repeat(20_000)}\r\n\r\n`)],
  ];
}
