import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, describe, expect, it } from "@jest/globals";
import { binFolder, cacheFolder, whileLocked } from "./cache.mjs";
import { isAtLeast, parseVersion } from "./kinds.mjs";
import { ensureServer, findServer } from "./servers.mjs";

const home = mkdtempSync(join(tmpdir(), "seb-find-"));
afterAll(() => rmSync(home, { recursive: true, force: true }));

/** A program that prints one line, as `--version` would. */
function program(path, line, code = 0) {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `#!/bin/sh\necho '${line}'\nexit ${code}\n`, { mode: 0o755 });
  return path;
}

/** A machine of its own for one test: an empty PATH and an empty cache. */
function machine(name) {
  const folder = join(home, name);
  const env = { PATH: join(folder, "path"), XDG_CACHE_HOME: join(folder, "cache"), HOME: folder };
  mkdirSync(env.PATH, { recursive: true });
  return { env, onPath: (file, line, code) => program(join(env.PATH, file), line, code) };
}

describe("versions", () => {
  it("are read from what each server prints", () => {
    const lines = [
      "Redis server v=7.0.15 sha=0",
      "nats-server: v2.15.2",
      "etcd Version: 3.6.8\nGit",
      "Kubernetes v1.36.3",
    ];
    expect(lines.map(parseVersion)).toEqual([
      [7, 0, 15],
      [2, 15, 2],
      [3, 6, 8],
      [1, 36, 3],
    ]);
    expect(parseVersion("none")).toBeUndefined();
  });

  it("are compared as numbers", () => {
    const atLeast = [2, 12, 3];
    expect(["2.12.3", "2.12.10", "2.13.0", "3.0.0"].every((text) => isAtLeast(parseVersion(text), atLeast))).toBe(true);
    expect(["2.12.2", "2.9.10", "1.99.99"].some((text) => isAtLeast(parseVersion(text), atLeast))).toBe(false);
  });
});

describe("findServer", () => {
  it("takes PATH, and KUBEBUILDER_ASSETS before it", async () => {
    const { env, onPath } = machine("order");
    const path = onPath("etcd", "etcd Version: 3.5.9");
    expect(await findServer("etcd", { env })).toEqual({ name: "etcd", path, version: "3.5.9", source: "PATH" });
    const assets = join(home, "assets");
    program(join(assets, "etcd"), "etcd Version: 3.6.0");
    const found = await findServer("etcd", { env: { ...env, KUBEBUILDER_ASSETS: assets } });
    expect(found).toMatchObject({ version: "3.6.0", source: "KUBEBUILDER_ASSETS" });
  });

  it("passes over what is too old or does not start, for the cache", async () => {
    const { env, onPath } = machine("old");
    onPath("nats-server", "nats-server: v2.9.10");
    onPath("kube-apiserver", "Kubernetes v1.36.3", 1);
    expect(await findServer("nats-server", { env })).toBeUndefined();
    expect(await findServer("kube-apiserver", { env })).toBeUndefined();
    program(join(binFolder("nats-server", env), "nats-server"), "nats-server: v2.15.2");
    expect(await findServer("nats-server", { env })).toMatchObject({ version: "2.15.2", source: "cache" });
  });

  it("takes nothing but what a variable names", async () => {
    const { env, onPath } = machine("named");
    const path = onPath("redis-server", "Redis server v=7.2.0");
    const named = { ...env, SEB_SERVER_REDIS_SERVER: path };
    expect(await findServer("redis-server", { env: named })).toMatchObject({ path, source: "SEB_SERVER_REDIS_SERVER" });
    const wrong = { ...env, SEB_SERVER_REDIS_SERVER: join(home, "absent") };
    await expect(findServer("redis-server", { env: wrong })).rejects.toThrow();
  });
});

describe("ensureServer", () => {
  it("says what is missing, and why what is there does not do", async () => {
    const { env, onPath } = machine("bare");
    onPath("nats-server", "nats-server: v2.9.10");
    const lines = [];
    const onProgress = (line) => lines.push(line);
    await expect(ensureServer("nats-server", { env, onProgress })).rejects.toMatchObject({
      code: "server_unavailable",
      server: "nats-server",
      remedy: expect.stringContaining("Go"),
    });
    expect(lines).toEqual([expect.stringContaining("2.9.10")]);
    await expect(ensureServer("redis-server", { env })).rejects.toMatchObject({
      remedy: expect.stringContaining("redis"),
    });
    expect(existsSync(join(cacheFolder(env), "lock"))).toBe(false);
  });

  it("knows no other names", async () => {
    await expect(ensureServer("__proto__")).rejects.toThrow();
  });
});

describe("whileLocked", () => {
  it("lets one in at a time, and does not wait for the dead", async () => {
    const { env } = machine("lock");
    mkdirSync(cacheFolder(env), { recursive: true });
    writeFileSync(join(cacheFolder(env), "lock"), "2147483646\n");
    let inside = 0;
    let most = 0;
    const work = async () => {
      inside += 1;
      most = Math.max(most, inside);
      await new Promise((resolve) => setTimeout(resolve, 20));
      inside -= 1;
    };
    const quiet = () => undefined;
    await Promise.all([1, 2, 3].map(() => whileLocked(env, quiet, work)));
    expect(most).toBe(1);
  });
});
