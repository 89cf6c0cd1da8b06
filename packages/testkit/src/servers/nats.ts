import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { freePort } from "../ports.js";
import { serverBinary } from "./binary.js";
import { Managed, type RunningServer, withFreePorts, workFolder } from "./managed.js";
import { firstLine, httpStatus } from "./probe.js";
import type { TlsFiles } from "./tls-files.js";

export interface NatsOptions {
  /** Data, configuration and log go here; a temporary folder when absent. */
  dir?: string;
  /** Default true. */
  jetstream?: boolean;
  /** Acknowledge a message when it is on the disk, not before; default true. */
  syncAlways?: boolean;
  /** More text for the configuration file, in its own language. */
  config?: string;
  /** A file with `accounts` or `authorization` that the configuration includes. */
  authFile?: string;
  port?: number;
  /** Of `/healthz`, `/jsz`, `/varz`. */
  monitorPort?: number;
  tls?: TlsFiles;
}

export interface RunningNats extends RunningServer {
  /** Its process, while it runs. */
  pid(): number | undefined;
  /** Base of `/healthz`, `/jsz`, `/varz`; loopback only, no credentials. `https://`, with the same certificate, when `tls` was given. */
  monitorUrl: string;
  configFile: string;
}

/** Starts a nats-server on loopback ports. Resolves when it greets clients and reports itself healthy, its streams recovered. */
export async function startNats(options: NatsOptions = {}): Promise<RunningNats> {
  const command = await serverBinary("nats-server");
  const folder = workFolder(options.dir, "seb-nats-");
  const dataDir = join(folder.path, "data");
  mkdirSync(dataDir, { recursive: true });
  const configFile = join(folder.path, "nats.conf");
  const logFile = join(folder.path, "nats.log");

  return withFreePorts(options.port !== undefined || options.monitorPort !== undefined, async () => {
    const port = options.port ?? (await freePort());
    const monitorPort = options.monitorPort ?? (await freePort());
    writeFileSync(configFile, configText(options, { folder: folder.path, dataDir, port, monitorPort }), {
      mode: 0o600,
    });
    const monitorUrl = `${options.tls === undefined ? "http" : "https"}://127.0.0.1:${monitorPort}`;
    const trusted = options.tls === undefined ? {} : { ca: readFileSync(options.tls.caFile, "utf8") };
    const server = new Managed({
      command,
      args: ["-c", configFile],
      logFile,
      says: "Server is ready",
      answers: async () =>
        (await firstLine(port))?.startsWith("INFO ") === true &&
        (await httpStatus(`${monitorUrl}/healthz`, trusted)) === 200,
      readyWithinMs: 30_000,
      stopWithinMs: 5000,
    });
    await server.start();
    return {
      url: `${options.tls === undefined ? "nats" : "tls"}://127.0.0.1:${port}`,
      port,
      dataDir,
      logFile,
      monitorUrl,
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

function configText(
  options: NatsOptions,
  { folder, dataDir, port, monitorPort }: { folder: string; dataDir: string; port: number; monitorPort: number },
): string {
  const { tls } = options;
  const sync = options.syncAlways === false ? "" : "\n  sync_interval: always";
  return [
    "server_name: seb-dev",
    `listen: "127.0.0.1:${port}"`,
    `${tls === undefined ? "http" : "https"}: "127.0.0.1:${monitorPort}"`,
    ...(options.jetstream === false ? [] : [`jetstream {\n  store_dir: ${quoted(dataDir)}${sync}\n}`]),
    ...(tls === undefined ? [] : [tlsText(tls)]),
    // An included path is always taken as relative to the including file.
    ...(options.authFile === undefined ? [] : [`include ${quoted(relative(folder, options.authFile))}`]),
    options.config ?? "",
    "",
  ].join("\n");
}

function tlsText(tls: TlsFiles): string {
  return `tls {
  cert_file: ${quoted(tls.certFile)}
  key_file: ${quoted(tls.keyFile)}
  ca_file: ${quoted(tls.caFile)}
  verify: ${tls.verifyClients === true}
}`;
}

function quoted(path: string): string {
  return `"${path.replaceAll(/[\\"]/g, "\\$&")}"`;
}
