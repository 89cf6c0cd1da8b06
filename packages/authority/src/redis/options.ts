import { type FileCode, readSecretFile, readTls } from "@seb/local";
import { fail, isLoopback, ok, type Result } from "@seb/schema";
import type { RedisOptions } from "ioredis";

export interface RedisStoreOptions {
  /** `redis://host:port` or `rediss://host:port`; credentials and database do not belong into it. */
  readonly url: string;
  /** User of the ACL file; needs `passwordFile`. */
  readonly username?: string;
  /** Holds the password alone; readable by its owner only. */
  readonly passwordFile?: string;
  /** PEM files for `rediss`; default: the system's authorities and no client certificate. */
  readonly tls?: { readonly caFile?: string; readonly certFile?: string; readonly keyFile?: string };
  /** Replicas that must confirm each write (`min-replicas-to-write`); 0 by default, which a single node means. */
  readonly minReplicas?: number;
  /** How long one command may take, in milliseconds; default 250. */
  readonly commandTimeoutMs?: number;
  /** How long an unanswered change is looked for before it counts as unavailable, in milliseconds; default 1000. */
  readonly confirmMs?: number;
  /** In milliseconds, default 2000. */
  readonly settingsEveryMs?: number;
}

/** What is wrong with the way to the store, whatever the server says. */
export type ExposureReason = "store_plaintext" | "store_anonymous";

type ClientOptions = Omit<RedisOptions, "replyMapping">;

export interface Endpoint {
  readonly client: ClientOptions;
  readonly exposed: readonly ExposureReason[];
}

const CONNECT_TIMEOUT_MS = 500;
/** A connection with an unanswered command and no byte for so long is given up. */
const SILENCE_MS = 1500;
const LONGEST_RETRY_MS = 1000;

/**
 * Reads the files that the options name. A secret in the URL, a secret file that others can read or that is empty, a certificate that is not PEM and
 * a key that is not its certificate's are `setting_invalid`.
 */
export function endpointOf(options: RedisStoreOptions): Result<Endpoint, "setting_invalid"> {
  const url = URL.canParse(options.url) ? new URL(options.url) : undefined;
  if (url === undefined || !/^rediss?:$/.test(url.protocol) || url.hostname === "")
    return fail("setting_invalid", "The store's URL is not redis://host:port or rediss://host:port.");
  if (url.username !== "" || url.password !== "" || !/^\/?$/.test(url.pathname) || url.search !== "")
    return fail("setting_invalid", "The store's URL holds more than host and port.");
  if ((options.username === undefined) !== (options.passwordFile === undefined))
    return fail("setting_invalid", "The store's user and password file go together.");
  const secure = url.protocol === "rediss:";
  if (!secure && options.tls !== undefined)
    return fail("setting_invalid", "Files for TLS are given, but the store's URL is not rediss://.");
  const tls = readTls(options.tls ?? {});
  const credentials = credentialsOf(options);
  if (!tls.ok) return fail("setting_invalid", tls.error.detail);
  if (!credentials.ok) return fail("setting_invalid", credentials.error.detail);
  const host = url.hostname.replace(/^\[(.*)\]$/, "$1");
  const client: ClientOptions = {
    ...clientOptions(options),
    host,
    port: url.port === "" ? 6379 : Number(url.port),
    ...(secure ? { tls: { ...tls.value } } : {}),
    ...credentials.value,
  };
  return ok({ client, exposed: isLoopback(host) ? [] : exposureOf(secure, options.username !== undefined) });
}

function exposureOf(secure: boolean, named: boolean): ExposureReason[] {
  return [...(secure ? [] : ["store_plaintext" as const]), ...(named ? [] : ["store_anonymous" as const])];
}

/** Nothing waits for a connection and nothing is sent twice: a take that was sent again would find itself used. */
function clientOptions({ commandTimeoutMs = 250 }: RedisStoreOptions): ClientOptions {
  return {
    lazyConnect: true,
    protocol: 2,
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    autoResendUnfulfilledCommands: false,
    autoResubscribe: false,
    disableClientInfo: true,
    commandTimeout: commandTimeoutMs,
    connectTimeout: CONNECT_TIMEOUT_MS,
    socketTimeout: SILENCE_MS,
    keepAlive: 1000,
    retryStrategy: (times) => Math.min(25 * 2 ** Math.min(times, 8), LONGEST_RETRY_MS),
  };
}

function credentialsOf({ username, passwordFile }: RedisStoreOptions): Result<ClientOptions, FileCode> {
  if (username === undefined || passwordFile === undefined) return ok({});
  const password = readSecretFile(passwordFile);
  return password.ok ? ok({ username, password: password.value.trim() }) : password;
}
