import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import {
  haveServer,
  leftOut,
  type RunningRedis,
  serverBinary,
  startRedis,
  tempDir,
  testCertificates,
} from "../index.js";
import { firstLine } from "./probe.js";

const missing = await leftOut(["redis-server"]);
const suite = missing === undefined ? describe : describe.skip;
const firstBuildMs = 15 * 60_000;

suite("startRedis", () => {
  const dir = tempDir();
  const running: RunningRedis[] = [];
  beforeAll(() => serverBinary("redis-server"), firstBuildMs);
  afterAll(async () => {
    for (const server of running) await server.dispose();
    dir.cleanup();
  });
  async function start(...args: Parameters<typeof startRedis>): Promise<RunningRedis> {
    const server = await startRedis(...args);
    running.push(server);
    return server;
  }
  const ask = (server: RunningRedis, command: string) => firstLine(server.port, `${command}\r\n`);

  it("keeps an answered write through a kill", async () => {
    const server = await start();
    expect(await haveServer("redis-server")).toBe(true);
    expect(await ask(server, "SET epoch 42")).toBe("+OK");
    await server.kill9();
    expect(await ask(server, "PING")).toBeUndefined();
    await server.restart();
    expect(await ask(server, "STRLEN epoch")).toBe(":2");
    await server.restart();
    expect(await ask(server, "STRLEN epoch")).toBe(":2");
  });

  it("stops at a log whose tail is cut", async () => {
    const server = await start();
    await ask(server, "SET epoch 42");
    await server.kill9();
    const log = join(server.dataDir, "appendonlydir", "appendonly.aof.1.incr.aof");
    writeFileSync(log, readFileSync(log).subarray(0, -3));
    await expect(server.restart()).rejects.toThrow(/ended before it answered/);
  });

  it("takes directives, an ACL file and a folder of the caller's, which it leaves alone", async () => {
    const aclFile = join(dir.path, "users.acl");
    writeFileSync(aclFile, "user default off\nuser broker on >secret ~a:* +get\n");
    const own = join(dir.path, "own");
    const server = await start({ dir: own, aclFile, config: { appendfsync: "no" } });
    expect(await ask(server, "GET a:1")).toMatch(/^-NOAUTH/);
    expect(await ask(server, "AUTH broker secret")).toBe("+OK");
    expect(readFileSync(server.configFile, "utf8")).toContain("appendfsync no\n");
    await server.dispose();
    expect(existsSync(server.dataDir)).toBe(true);
  });

  it("speaks TLS only, to clients it can verify", async () => {
    const files = testCertificates(join(dir.path, "pki"));
    const server = await start({ tls: { ...files, verifyClients: true } });
    const [ca, cert, key] = [files.caFile, files.clientCertFile, files.clientKeyFile].map((file) =>
      readFileSync(file, "utf8"),
    );
    const tls = { ca: ca ?? "", cert: cert ?? "", key: key ?? "" };
    expect(server.url).toMatch(/^rediss:/);
    expect(await firstLine(server.port, "PING\r\n", tls)).toBe("+PONG");
    expect(await firstLine(server.port, "PING\r\n", { ca: tls.ca })).toBeUndefined();
    expect(await ask(server, "PING")).toBeUndefined();
  });
});
