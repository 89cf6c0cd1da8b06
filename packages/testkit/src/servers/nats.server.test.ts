import { readFileSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { connect as secureConnect } from "node:tls";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { leftOut, type RunningNats, serverBinary, startNats, tempDir, testCertificates } from "../index.js";
import { firstLine, httpStatus } from "./probe.js";

const missing = await leftOut(["nats-server"]);
const suite = missing === undefined ? describe : describe.skip;
const firstBuildMs = 15 * 60_000;

/** What the server says about itself, below its monitoring port. */
async function monitor(server: RunningNats, path: string): Promise<unknown> {
  return (await fetch(`${server.monitorUrl}${path}`)).json();
}

/** Sends one request and answers the first MSG payload or -ERR line. */
function request(port: number, options: object, subject: string, payload: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, "127.0.0.1");
    let got = "";
    socket.setEncoding("utf8");
    socket.once("error", reject);
    socket.setTimeout(5000, () => socket.destroy(new Error(`no answer from ${subject}`)));
    const say = `CONNECT ${JSON.stringify({ verbose: false, ...options })}\r\nSUB answer 1\r\nPUB ${subject} answer ${payload.length}\r\n${payload}\r\n`;
    socket.write(say);
    socket.on("data", (chunk: string) => {
      got += chunk;
      const found = /^-ERR .*|^MSG .*\r\n(.*)\r\n/m.exec(got);
      if (found === null) return;
      socket.destroy();
      resolve(found[1] ?? found[0]);
    });
  });
}

suite("startNats", () => {
  const dir = tempDir();
  const running: RunningNats[] = [];
  beforeAll(() => serverBinary("nats-server"), firstBuildMs);
  afterAll(async () => {
    for (const server of running) await server.dispose();
    dir.cleanup();
  });
  async function start(...args: Parameters<typeof startNats>): Promise<RunningNats> {
    const server = await startNats(...args);
    running.push(server);
    return server;
  }

  it("syncs before it acknowledges, and keeps a message through a kill", async () => {
    const server = await start();
    expect(await monitor(server, "/jsz")).toMatchObject({ config: { sync_always: true } });
    const stream = JSON.stringify({ name: "R", subjects: ["r.>"], storage: "file" });
    expect(await request(server.port, {}, "$JS.API.STREAM.CREATE.R", stream)).toContain('"did_create":true');
    expect(await request(server.port, {}, "r.1", "one")).toContain('"seq":1');
    await server.kill9();
    expect(await firstLine(server.port)).toBeUndefined();
    await server.restart();
    expect(await request(server.port, {}, "r.1", "two")).toContain('"seq":2');
  });

  it("follows a file of users and permissions, and more configuration", async () => {
    const authFile = join(dir.path, "users.conf");
    writeFileSync(
      authFile,
      `authorization { users = [{ user: broker, password: secret, permissions: { publish: ["a.>"] } }] }`,
    );
    const server = await start({ jetstream: false, authFile, config: "max_payload: 1024" });
    expect(await monitor(server, "/varz")).toMatchObject({ max_payload: 1024 });
    expect(await request(server.port, {}, "a.1", "")).toMatch(/^-ERR .*Authorization/);
    const broker = { user: "broker", pass: "secret" };
    expect(await request(server.port, broker, "b.1", "")).toMatch(/^-ERR .*Permissions/);
  });

  it("asks for TLS with the certificate it was given", async () => {
    const files = testCertificates(join(dir.path, "pki"));
    const server = await start({ jetstream: false, tls: { ...files, verifyClients: true } });
    expect(server.url).toMatch(/^tls:/);
    expect(server.monitorUrl).toMatch(/^https:/);
    expect(await httpStatus(`${server.monitorUrl}/varz`, { ca: readFileSync(files.caFile, "utf8") })).toBe(200);
    expect(await httpStatus(`${server.monitorUrl}/varz`)).toBeUndefined();
    expect(await firstLine(server.port)).toContain('"tls_required":true');
    const socket = connect(server.port, "127.0.0.1");
    await new Promise((resolve) => socket.once("data", resolve));
    const [ca, cert, key] = [files.caFile, files.clientCertFile, files.clientKeyFile].map((file) => readFileSync(file));
    const secure = secureConnect({ socket, host: "127.0.0.1", ca: [ca ?? ""], cert: cert ?? "", key: key ?? "" });
    const authorized = await new Promise((resolve, reject) => {
      secure.once("secureConnect", () => resolve(secure.authorized));
      secure.once("error", reject);
    });
    secure.destroy();
    expect(authorized).toBe(true);
  });
});
