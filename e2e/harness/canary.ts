import { createServer, type Socket } from "node:net";

/** A listening server whose address stands in hostile input: whoever follows it is heard. */
export interface Canary {
  readonly url: string;
  /** Connections so far. */
  heard(): number;
  close(): Promise<void>;
}

export async function startCanary(): Promise<Canary> {
  let heard = 0;
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    heard += 1;
    sockets.add(socket);
    socket.on("error", () => undefined).end("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}");
  });
  const port = await new Promise<number>((resolve) => {
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      resolve(typeof address === "object" && address !== null ? address.port : 0);
    });
  });
  return {
    url: `http://127.0.0.1:${port}`,
    heard: () => heard,
    close: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => resolve());
      }),
  };
}
