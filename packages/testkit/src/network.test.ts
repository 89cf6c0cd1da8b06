import { connect, createServer, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "@jest/globals";
import { blackHole, freePort, refusedPort, silentServer, tcpProxy } from "./index.js";
import { listen } from "./ports.js";

/** "connected", an error code, or "waiting" when neither came within `timeoutMs`. */
function attempt(port: number, timeoutMs = 400): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect({ host: "127.0.0.1", port });
    const finish = (how: string) => {
      clearTimeout(timer);
      socket.destroy();
      resolve(how);
    };
    const timer = setTimeout(() => finish("waiting"), timeoutMs);
    socket.once("connect", () => finish("connected"));
    socket.once("error", (error: NodeJS.ErrnoException) => finish(error.code ?? "error"));
  });
}

/** Gathers what arrives on a connected socket. */
async function open(port: number): Promise<{ socket: Socket; got: () => string; closed: Promise<string> }> {
  const socket = connect({ host: "127.0.0.1", port });
  let got = "";
  let code = "end";
  socket.on("data", (chunk) => {
    got += chunk.toString();
  });
  socket.on("error", (error: NodeJS.ErrnoException) => {
    code = error.code ?? "error";
  });
  const closed = new Promise<string>((resolve) => socket.once("close", () => resolve(code)));
  await Promise.race([closed, new Promise((resolve) => socket.once("connect", resolve))]);
  return { socket, got: () => got, closed };
}

async function until(condition: () => boolean): Promise<void> {
  for (let attempts = 0; attempts < 200; attempts += 1) {
    if (condition()) return;
    await sleep(10);
  }
  throw new Error("it did not become true within 2 s");
}

describe("ports", () => {
  it("freePort can be listened on", async () => {
    const port = await freePort();
    expect(await attempt(port)).toBe("ECONNREFUSED");
    const server = createServer().listen(port, "127.0.0.1");
    await new Promise((resolve) => server.once("listening", resolve));
    await new Promise((resolve) => server.close(resolve));
  });

  it("refusedPort refuses, more than once", async () => {
    const refused = await refusedPort();
    expect(await attempt(refused.port)).toBe("ECONNREFUSED");
    expect(await attempt(refused.port)).toBe("ECONNREFUSED");
    await refused.close();
  });

  it("silentServer accepts, reads and never answers", async () => {
    const server = await silentServer();
    const { socket, got } = await open(server.port);
    socket.write("hello");
    await until(() => server.bytesRead() === 5);
    await sleep(50);
    expect([got(), server.connections()]).toEqual(["", 1]);
    await server.close();
  });

  it("blackHole neither accepts nor refuses", async () => {
    const hole = await blackHole();
    expect(await attempt(hole.port)).toBe("waiting");
    expect(await attempt(hole.port)).toBe("waiting");
    await hole.close();
    expect(await attempt(hole.port)).toBe("ECONNREFUSED");
  });
});

describe("tcpProxy", () => {
  async function echo() {
    const server = createServer({ allowHalfOpen: true }, (socket) => socket.on("error", () => undefined).pipe(socket));
    const proxy = await tcpProxy({ targetPort: await listen(server) });
    const close = async () => {
      await proxy.close();
      await new Promise((resolve) => server.close(resolve));
    };
    return { proxy, close };
  }

  it("forwards bytes and the end of the stream", async () => {
    const { proxy, close } = await echo();
    const { socket, got, closed } = await open(proxy.port);
    socket.end("hello");
    expect([await closed, got()]).toEqual(["end", "hello"]);
    await until(() => proxy.connections() === 0);
    await close();
  });

  it("holds back while paused and delivers in order after", async () => {
    const { proxy, close } = await echo();
    const { socket, got } = await open(proxy.port);
    proxy.pause();
    socket.write("one ");
    await sleep(100);
    socket.write("two");
    await sleep(100);
    expect(got()).toBe("");
    proxy.resume();
    await until(() => got() === "one two");
    await close();
  });

  it("breaks old and new connections when cut, until resumed", async () => {
    const { proxy, close } = await echo();
    const { closed } = await open(proxy.port);
    proxy.cut();
    expect(await closed).toBe("ECONNRESET");
    const late = await open(proxy.port);
    expect(["ECONNRESET", "end"]).toContain(await late.closed);
    proxy.resume();
    const again = await open(proxy.port);
    again.socket.write("back");
    await until(() => again.got() === "back");
    await close();
  });

  it("adds latency both ways, in order", async () => {
    const { proxy, close } = await echo();
    const { socket, got } = await open(proxy.port);
    proxy.addLatencyMs(100);
    const started = performance.now();
    socket.write("a");
    await sleep(10);
    socket.write("b");
    await until(() => got() === "ab");
    expect(performance.now() - started).toBeGreaterThan(195);
    await close();
  });

  it("drops the client when the target is not there", async () => {
    const refused = await refusedPort();
    const proxy = await tcpProxy({ targetPort: refused.port });
    const { closed } = await open(proxy.port);
    expect(["ECONNRESET", "end"]).toContain(await closed);
    await proxy.close();
    await refused.close();
  });
});
