import { connect, createServer, type Socket } from "node:net";
import { type Endpoint, listen } from "./ports.js";

export interface TcpProxy extends Endpoint {
  /** Holds all bytes back, both ways, from now on; new connections are accepted and stay silent. */
  pause(): void;
  /** Ends `pause` and `cut`; what was held back is delivered. */
  resume(): void;
  /** Breaks every connection, and each new one at once, until `resume`. */
  cut(): void;
  /** Every chunk is delivered this much later, in both directions; 0 ends it. In milliseconds. */
  addLatencyMs(ms: number): void;
  /** How many connections are open. */
  connections(): number;
}

/** A TCP proxy on a loopback port, in front of `targetHost:targetPort` (default 127.0.0.1), whose network a test can disturb. */
export async function tcpProxy(target: { targetPort: number; targetHost?: string }): Promise<TcpProxy> {
  const pairs = new Set<Pair>();
  const state = { paused: false, cut: false, latencyMs: 0 };
  const server = createServer({ allowHalfOpen: true }, (near) => {
    if (state.cut) {
      near.resetAndDestroy();
      return;
    }
    const far = connect({ host: target.targetHost ?? "127.0.0.1", port: target.targetPort, allowHalfOpen: true });
    const pair = new Pair(near, far, state);
    pairs.add(pair);
    pair.onEnd(() => pairs.delete(pair));
  });
  const port = await listen(server);
  const breakAll = () => {
    for (const pair of pairs) pair.destroy();
  };
  return {
    port,
    pause() {
      state.paused = true;
    },
    resume() {
      state.paused = false;
      state.cut = false;
      for (const pair of pairs) pair.flush();
    },
    cut() {
      state.cut = true;
      breakAll();
    },
    addLatencyMs(ms) {
      state.latencyMs = ms;
    },
    connections: () => pairs.size,
    async close() {
      breakAll();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

interface NetworkState {
  paused: boolean;
  latencyMs: number;
}

/** Two joined sockets; bytes and ends wait in one queue per direction. */
class Pair {
  private readonly lanes: readonly [Lane, Lane];

  constructor(
    private readonly near: Socket,
    private readonly far: Socket,
    state: NetworkState,
  ) {
    this.lanes = [new Lane(near, far, state), new Lane(far, near, state)];
    for (const socket of [near, far]) {
      socket.setNoDelay(true);
      socket.on("error", () => this.destroy());
    }
  }

  onEnd(listener: () => void): void {
    this.near.once("close", () => {
      this.far.destroy();
      listener();
    });
  }

  flush(): void {
    for (const lane of this.lanes) lane.flush();
  }

  destroy(): void {
    for (const socket of [this.near, this.far]) {
      if (socket.destroyed) continue;
      // A reset while the end is still being sent leaves Node's event loop turning for ever.
      if (socket.writableEnded) socket.destroy();
      else socket.resetAndDestroy();
    }
  }
}

class Lane {
  private readonly queue: { chunk: Uint8Array | undefined; dueMs: number }[] = [];
  private timer: NodeJS.Timeout | undefined;

  constructor(
    from: Socket,
    private readonly to: Socket,
    private readonly state: NetworkState,
  ) {
    from.on("data", (chunk: Uint8Array) => this.push(chunk));
    from.on("end", () => this.push(undefined));
  }

  private push(chunk: Uint8Array | undefined): void {
    this.queue.push({ chunk, dueMs: performance.now() + this.state.latencyMs });
    this.flush();
  }

  /** Delivers what is due, in order; undefined stands for the end of the stream. */
  flush(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    while (!this.state.paused) {
      const head = this.queue[0];
      if (head === undefined) return;
      const waitMs = head.dueMs - performance.now();
      if (waitMs > 0) {
        this.timer = setTimeout(() => this.flush(), waitMs);
        return;
      }
      this.queue.shift();
      if (this.to.destroyed) continue;
      if (head.chunk === undefined) this.to.end();
      else this.to.write(head.chunk);
    }
  }
}
