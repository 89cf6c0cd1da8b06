import { connect } from "node:net";

/** One answer as it came over the socket. */
export interface RawAnswer {
  readonly status: number;
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
}

/** Reads the answers in `text`; a HEAD answer has no body in spite of its content-length. */
export function parseAnswers(text: string, head = false): readonly RawAnswer[] {
  const answers: RawAnswer[] = [];
  let rest = text;
  while (rest.length > 0) {
    const end = rest.indexOf("\r\n\r\n");
    if (end < 0) throw new Error(`half an answer: ${rest.slice(0, 100)}`);
    const [first = "", ...lines] = rest.slice(0, end).split("\r\n");
    const headers = new Map(
      lines.map((line) => [line.slice(0, line.indexOf(":")).toLowerCase(), line.slice(line.indexOf(":") + 1).trim()]),
    );
    const status = Number(first.split(" ")[1]);
    const length = head || status < 200 ? 0 : Number(headers.get("content-length"));
    const body = rest.slice(end + 4, end + 4 + length);
    if (body.length < length) throw new Error("a cut body");
    answers.push({ status, headers, body });
    rest = rest.slice(end + 4 + length);
  }
  return answers;
}

/** Sends bytes on a new connection and collects what comes back until the server closes, or `idleMs` after the last byte. */
export function exchangeRaw(
  port: number,
  send: string | Uint8Array | readonly (string | Uint8Array)[],
  { idleMs = 150, waitMs = 5000 } = {},
): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect({ host: "127.0.0.1", port });
    let received = "";
    const done = () => {
      clearTimeout(timer);
      socket.destroy();
      resolve(received);
    };
    let timer = setTimeout(done, waitMs);
    socket.on("connect", () => {
      const parts: readonly (string | Uint8Array)[] = Array.isArray(send) ? send : [send];
      for (const part of parts) socket.write(part);
    });
    socket.on("data", (chunk) => {
      received += chunk.toString("latin1");
      clearTimeout(timer);
      timer = setTimeout(done, idleMs);
    });
    socket.on("error", () => undefined);
    socket.on("close", done);
  });
}
