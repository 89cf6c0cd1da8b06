import type { NodeConnectionOptions } from "@nats-io/transport-node";
import { type FileCode, readSecretFile, readTls } from "@seb/local";
import { fail, isLoopback, ok, type Result } from "@seb/schema";
import type { MonitorTls } from "./monitor.js";

export interface NatsLinkOptions {
  /** `nats://host:port` or `tls://host:port`, of one cluster; credentials do not belong into them. */
  readonly urls: readonly string[];
  /**
   * Base of each server's monitoring endpoint (`/jsz`): the only place that says whether an answer means "on the disk". Empty for
   * whoever only reads: then nothing is ever claimed or written.
   */
  readonly monitorUrls: readonly string[];
  /** Account that holds the streams, as in infra/nats/accounts.conf; default `STORE`. Without accounts the server calls it `$G`. */
  readonly account?: string;
  /** Needs `passwordFile`. */
  readonly username?: string;
  /** Holds the password alone; readable by its owner only. */
  readonly passwordFile?: string;
  /** PEM files for `tls://` and for `https://` monitoring; default: the system's authorities and no client certificate. */
  readonly tls?: { readonly caFile?: string; readonly certFile?: string; readonly keyFile?: string };
  /** How often the servers' settings are looked at, in milliseconds; default 2000. */
  readonly settingsEveryMs?: number;
}

/** What is wrong with the way to the servers, whatever they say. */
export type ExposureReason = "nats_plaintext" | "nats_anonymous" | "nats_monitor_plaintext";

export interface Endpoint {
  readonly client: NodeConnectionOptions;
  /** Texts of the files for TLS: of the connection, and of monitoring by `https://`. */
  readonly files: MonitorTls;
  readonly monitorUrls: readonly string[];
  readonly exposed: readonly ExposureReason[];
}

/** A partition is noticed after two unanswered pings. */
const PING_EVERY_MS = 1000;

function urlOf(text: string, protocols: readonly string[]): URL | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !protocols.includes(url.protocol) || url.hostname === "") return undefined;
  return url.username === "" && url.password === "" && url.search === "" ? url : undefined;
}

/**
 * Reads the files that the options name. A secret in a URL, servers with and without TLS side by side, a password file that others can
 * read and a file that cannot be read are `setting_invalid`.
 */
export function endpointOf(options: NatsLinkOptions): Result<Endpoint, "setting_invalid"> {
  const servers = options.urls.map((text) => urlOf(text, ["nats:", "tls:"]));
  const monitors = options.monitorUrls.map((text) => urlOf(text, ["http:", "https:"]));
  const known = <T>(list: readonly (T | undefined)[]): list is T[] => !list.includes(undefined);
  if (servers.length === 0 || !known(servers))
    return fail("setting_invalid", "The NATS URLs are not nats://host:port or tls://host:port.");
  if (!known(monitors)) return fail("setting_invalid", "The monitoring URLs are not http(s)://host:port.");
  const secure = servers.filter(({ protocol }) => protocol === "tls:").length;
  if (secure !== 0 && secure !== servers.length)
    return fail("setting_invalid", "Either all NATS servers are reached by TLS or none.");
  if (secure === 0 && options.tls !== undefined)
    return fail("setting_invalid", "Files for TLS are given, but the NATS URLs are not tls://.");
  if ((options.username === undefined) !== (options.passwordFile === undefined))
    return fail("setting_invalid", "The NATS user and password file go together.");
  const credentials = credentialsOf(options);
  const tls = readTls(options.tls ?? {});
  if (!credentials.ok) return fail("setting_invalid", credentials.error.detail);
  if (!tls.ok) return fail("setting_invalid", tls.error.detail);
  const files: MonitorTls = tls.value;
  const client: NodeConnectionOptions = {
    ...clientOptions(),
    servers: servers.map(({ hostname, port }) => `${hostname}:${port === "" ? "4222" : port}`),
    // null says that a server which offers TLS is not believed either: no half-protected state.
    tls: secure === 0 ? null : { ...files },
    ...credentials.value,
  };
  const named = "user" in credentials.value || options.tls?.certFile !== undefined;
  const far = (list: readonly URL[]) => list.some(({ hostname }) => !isLoopback(hostname));
  const exposed: ExposureReason[] = [];
  if (far(servers) && secure === 0) exposed.push("nats_plaintext");
  if (far(servers) && !named) exposed.push("nats_anonymous");
  if (far(monitors.filter(({ protocol }) => protocol === "http:"))) exposed.push("nats_monitor_plaintext");
  return ok({ client, files, monitorUrls: monitors.map(({ origin }) => origin), exposed });
}

function clientOptions(): NodeConnectionOptions {
  return {
    timeout: 1000,
    pingInterval: PING_EVERY_MS,
    maxPingOut: 2,
    maxReconnectAttempts: -1,
    reconnectTimeWait: 100,
    reconnectJitter: 100,
    ignoreAuthErrorAbort: true,
    // Servers that gossip brings in were never checked for TLS and names.
    ignoreClusterUpdates: true,
  };
}

function credentialsOf({
  username,
  passwordFile,
}: NatsLinkOptions): Result<{ user?: string; pass?: string }, FileCode> {
  if (username === undefined || passwordFile === undefined) return ok({});
  const pass = readSecretFile(passwordFile);
  return pass.ok ? ok({ user: username, pass: pass.value.trim() }) : pass;
}
