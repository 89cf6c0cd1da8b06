import { createServer, type Server, Socket } from "node:net";

const host = "127.0.0.1";

export interface Endpoint {
  port: number;
  close(): Promise<void>;
}

/** A loopback port that was free a moment ago. Not reserved: use it at once. */
export async function freePort(): Promise<number> {
  const server = createServer();
  const port = await listen(server);
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/**
 * A loopback port that refuses connections until it is closed. Held as the local end of a connection, so that no other
 * process can begin to listen there meanwhile.
 */
export async function refusedPort(): Promise<Endpoint> {
  const server = createServer();
  const serverPort = await listen(server);
  const accepted = new Promise<Socket>((resolve) => server.once("connection", resolve));
  const socket = new Socket();
  await new Promise<void>((resolve, reject) => {
    socket.once("error", reject);
    socket.connect({ host, port: serverPort, localAddress: host }, resolve);
  });
  const other = await accepted;
  const port = socket.localPort;
  if (port === undefined) throw new Error("the connection has no local port");
  for (const end of [socket, other]) end.on("error", () => undefined);
  return {
    port,
    async close() {
      socket.destroy();
      other.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Listens on a loopback port of the system's choice; answers it. */
export function listen(server: Server): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen({ host, port: 0 }, () => {
      const address = server.address();
      if (address === null || typeof address === "string") reject(new Error("no TCP address"));
      else resolve(address.port);
    });
  });
}
