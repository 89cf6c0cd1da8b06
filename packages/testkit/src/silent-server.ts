import { createServer, type Socket } from "node:net";
import { type Endpoint, listen } from "./ports.js";

export interface SilentServer extends Endpoint {
  /** How many connections were accepted so far. */
  connections(): number;
  /** How many bytes were read so far. */
  bytesRead(): number;
}

/** A server that accepts, reads and never answers, as a hung service does. */
export async function silentServer(): Promise<SilentServer> {
  const sockets = new Set<Socket>();
  let connections = 0;
  let bytesRead = 0;
  const server = createServer((socket) => {
    connections += 1;
    sockets.add(socket);
    socket.on("data", (chunk) => {
      bytesRead += chunk.length;
    });
    socket.on("error", () => undefined);
    socket.on("close", () => sockets.delete(socket));
  });
  const port = await listen(server);
  return {
    port,
    connections: () => connections,
    bytesRead: () => bytesRead,
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
