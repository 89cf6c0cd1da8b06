import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { freePort } from "../ports.js";
import { serverBinary } from "./binary.js";
import { Managed, type RunningServer, withFreePorts, workFolder } from "./managed.js";
import { type ClientTls, firstLine } from "./probe.js";
import { clientTlsOf, type TlsFiles } from "./tls-files.js";

export interface RedisOptions {
  /** Data, configuration and log go here; a temporary folder when absent. */
  dir?: string;
  /** Directives that replace or join those of `durable`: name to the rest of the line. */
  config?: Readonly<Record<string, string>>;
  /** Path of a Redis ACL file. */
  aclFile?: string;
  port?: number;
  /** With it the port speaks TLS only. */
  tls?: TlsFiles;
}

export interface RunningRedis extends RunningServer {
  /** Its process, while it runs. */
  pid(): number | undefined;
  /** Path of `redis.conf`. */
  configFile: string;
}

/**
 * What a store of authority needs: an answered write is on the disk, and a damaged log stops the start instead of being cut.
 * One node: no replica has to confirm.
 */
const durable: Readonly<Record<string, string>> = {
  appendonly: "yes",
  appendfsync: "always",
  "no-appendfsync-on-rewrite": "no",
  "aof-load-truncated": "no",
  "maxmemory-policy": "noeviction",
  "replica-serve-stale-data": "no",
  "min-replicas-to-write": "0",
  "min-replicas-max-lag": "1",
  save: '""',
};

/** Starts a redis-server on a loopback port. Resolves when it answers PING, or refuses it for want of a password after loading. */
export async function startRedis(options: RedisOptions = {}): Promise<RunningRedis> {
  const command = await serverBinary("redis-server");
  const folder = workFolder(options.dir, "seb-redis-");
  const dataDir = join(folder.path, "data");
  mkdirSync(dataDir, { recursive: true });
  const configFile = join(folder.path, "redis.conf");
  const logFile = join(folder.path, "redis.log");
  const tls = clientTlsOf(options.tls);

  return withFreePorts(options.port !== undefined, async () => {
    const port = options.port ?? (await freePort());
    writeFileSync(configFile, configText(options, dataDir, port), { mode: 0o600 });
    const server = new Managed({
      command,
      args: [configFile],
      logFile,
      says: "Ready to accept connections",
      answers: () => answers(port, tls),
      readyWithinMs: 30_000,
      stopWithinMs: 5000,
    });
    await server.start();
    const scheme = options.tls === undefined ? "redis" : "rediss";
    return {
      url: `${scheme}://127.0.0.1:${port}`,
      port,
      dataDir,
      logFile,
      configFile,
      pid: () => server.pid(),
      stop: () => server.stop(),
      kill9: () => server.kill9(),
      restart: () => server.restart(),
      async dispose() {
        await server.kill9();
        folder.cleanup();
      },
    };
  });
}

/** To ask for credentials is an answer too. */
async function answers(port: number, tls: ClientTls | undefined): Promise<boolean> {
  const line = await firstLine(port, "PING\r\n", tls);
  return line !== undefined && /^(?:\+PONG|-NOAUTH|-NOPERM)\b/.test(line);
}

function configText({ config, aclFile, tls }: RedisOptions, dataDir: string, port: number): string {
  const listen: Record<string, string> =
    tls === undefined
      ? { port: `${port}` }
      : {
          port: "0",
          "tls-port": `${port}`,
          "tls-cert-file": quoted(tls.certFile),
          "tls-key-file": quoted(tls.keyFile),
          "tls-ca-cert-file": quoted(tls.caFile),
          "tls-auth-clients": tls.verifyClients === true ? "yes" : "no",
        };
  const lines: Record<string, string> = {
    bind: "127.0.0.1",
    ...listen,
    dir: quoted(dataDir),
    ...durable,
    ...(aclFile === undefined ? {} : { aclfile: quoted(aclFile) }),
    ...config,
  };
  return Object.entries(lines)
    .map(([name, value]) => `${name} ${value}\n`)
    .join("");
}

function quoted(path: string): string {
  return `"${path.replaceAll(/[\\"]/g, "\\$&")}"`;
}
