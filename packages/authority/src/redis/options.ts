import { readFile, stat } from "node:fs/promises";
import { fail, ok, type Result } from "@seb/schema";
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

/** 127.0.0.0/8, ::1 and localhost. */
export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || host === "[::1]" || /^127(?:\.\d{1,3}){3}$/.test(host);
}

/**
 * Reads the files that the options name. A secret in the URL, a password file that others can read and a file that cannot be read are
 * `setting_invalid`.
 */
export async function endpointOf(options: RedisStoreOptions): Promise<Result<Endpoint, "setting_invalid">> {
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
  try {
    const host = url.hostname.replace(/^\[(.*)\]$/, "$1");
    const client: ClientOptions = {
      ...clientOptions(options),
      host,
      port: url.port === "" ? 6379 : Number(url.port),
      ...(secure ? { tls: await tlsOf(options.tls) } : {}),
      ...(await credentialsOf(options)),
    };
    return ok({ client, exposed: isLoopback(host) ? [] : exposureOf(secure, options.username !== undefined) });
  } catch (error) {
    if (!(error instanceof UnusableFile)) throw error;
    return fail("setting_invalid", error.message);
  }
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

async function tlsOf(files: RedisStoreOptions["tls"]): Promise<NonNullable<RedisOptions["tls"]>> {
  const { caFile, certFile, keyFile } = files ?? {};
  return {
    ...(caFile === undefined ? {} : { ca: await readText(caFile) }),
    ...(certFile === undefined ? {} : { cert: await readText(certFile) }),
    ...(keyFile === undefined ? {} : { key: await readSecret(keyFile) }),
  };
}

async function credentialsOf({ username, passwordFile }: RedisStoreOptions): Promise<ClientOptions> {
  if (username === undefined || passwordFile === undefined) return {};
  const password = (await readSecret(passwordFile)).trim();
  if (password === "") throw new UnusableFile(`${passwordFile} is empty.`);
  return { username, password };
}

class UnusableFile extends Error {}

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch {
    throw new UnusableFile(`${path} cannot be read.`);
  }
}

async function readSecret(path: string): Promise<string> {
  const text = await readText(path);
  const { mode } = await stat(path);
  if ((mode & 0o077) !== 0) throw new UnusableFile(`${path} can be read by others than its owner.`);
  return text;
}
