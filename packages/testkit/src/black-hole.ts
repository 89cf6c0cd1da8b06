import { connect, type Socket } from "node:net";
import { Worker } from "node:worker_threads";
import type { Endpoint } from "./ports.js";

/** Listens, reports its port, and then blocks its own thread: the kernel queues connections that nobody ever takes. */
const listener = `
const { workerData, parentPort } = require("node:worker_threads");
const server = require("node:net").createServer((socket) => socket.destroy());
server.listen({ host: "127.0.0.1", port: 0, backlog: 1 }, () => {
  parentPort.postMessage(server.address().port);
  setImmediate(() => {
    Atomics.wait(workerData, 0, 0);
    process.exit();
  });
});
`;

/** How long a connection may take before the queue counts as full, in milliseconds. */
const fullAfterMs = 250;
const maxFillers = 64;

/**
 * A loopback port that neither accepts nor refuses: its queue is full, so the kernel drops further attempts to connect and the
 * caller waits for its own timeout, as behind a firewall that drops packets.
 */
export async function blackHole(): Promise<Endpoint> {
  const gate = new Int32Array(new SharedArrayBuffer(4));
  const worker = new Worker(listener, { eval: true, workerData: gate });
  const port = await new Promise<number>((resolve, reject) => {
    worker.once("message", resolve);
    worker.once("error", reject);
  });
  const fillers: Socket[] = [];
  const close = async () => {
    for (const socket of fillers) socket.destroy();
    const ended = new Promise((resolve) => worker.once("exit", resolve));
    Atomics.store(gate, 0, 1);
    Atomics.notify(gate, 0);
    await ended;
  };
  while (fillers.length < maxFillers) {
    const socket = connect({ host: "127.0.0.1", port });
    fillers.push(socket);
    socket.on("error", () => undefined);
    if (!(await connects(socket))) return { port, close };
  }
  await close();
  throw new Error(`the queue of a listening socket took ${maxFillers} connections and was not full`);
}

function connects(socket: Socket): Promise<boolean> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(false), fullAfterMs);
    socket.once("connect", () => {
      clearTimeout(timer);
      resolve(true);
    });
  });
}
