import { readdirSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { type RedisStoreOptions, redisEndpointOf } from "@seb/authority/redis";
import { type NatsLinkOptions, natsEndpointOf } from "@seb/records/nats";
import { type Code, fail, ok, type Result } from "@seb/schema";
import type { KeyFile, KeyRole } from "@seb/seal";
import { readConfig, systemClock } from "@seb/service-kit";
import type { Static, TSchema } from "typebox";
import { readMountedKey } from "../key.js";
import { checkTrustFile, type Pins } from "../trust.js";
import { accessOf, folderOf } from "./files.js";
import type { Deployment } from "./settings.js";

/** A settings file, with the way from its paths to real ones. */
export interface SettingsFile<T> {
  readonly config: T;
  at(path: string): string;
}

/** What a deployment gave, with absolute paths. Secrets are still in their files. */
export interface Deployed {
  readonly trust: { readonly file: string; readonly pins: Pins };
  readonly redis: RedisStoreOptions;
  readonly nats: NatsLinkOptions;
  readonly records: { readonly stream: string; readonly reserveBytes: number };
  readonly headsFolder: string;
  readonly stateFolder: string;
  readonly bundlesFolder: string;
}

/** Reads a settings file against a closed schema. */
export function readSettings<S extends TSchema>(schema: S, file: string): Result<SettingsFile<Static<S>>> {
  const read = readConfig(schema, file);
  if (!read.ok) return read;
  const folder = dirname(resolve(file));
  return ok({ config: read.value, at: (path) => resolve(folder, path) });
}

/** The failure with a pointer to the setting that named the file. */
export function pointed<T, C extends Code>(result: Result<T, C>, pointer: string): Result<T, C> {
  return result.ok ? result : { ok: false, error: { ...result.error, pointer } };
}

/** A key of the settings' `keys`: its pointer stands in the failure. */
export function keyOf(
  { at }: Pick<SettingsFile<unknown>, "at">,
  key: { readonly setting: string; readonly path: string; readonly role: KeyRole; readonly name?: string },
): Result<KeyFile> {
  return pointed(readMountedKey(at(key.path), key.role, key.name), `/keys/${key.setting}`);
}

/**
 * Looks at every file that the deployment names for the servers, and at what no waiting would mend. Nothing is connected to.
 * A failure's pointer names the setting.
 */
export async function deploymentOf({ config, at }: SettingsFile<Deployment>): Promise<Result<Deployed>> {
  const { trust, redis, nats, records } = config;
  if (trust.threshold > trust.owners.length)
    return fail("setting_invalid", "more signatures are asked for than there are owners", {
      pointer: "/trust/threshold",
    });
  const redisAccess = accessOf("redis", redis, at);
  if (!redisAccess.ok) return redisAccess;
  const natsAccess = accessOf("nats", nats, at);
  if (!natsAccess.ok) return natsAccess;
  const headsFolder = folderOf(at(records.heads_folder), "/records/heads_folder");
  if (!headsFolder.ok) return headsFolder;
  const stateFolder = folderOf(at(config.state_folder), "/state_folder");
  if (!stateFolder.ok) return stateFolder;
  const { passwordFile, tls } = redisAccess.value;
  const deployed: Deployed = {
    trust: { file: at(trust.file), pins: { owners: trust.owners, threshold: trust.threshold } },
    redis: {
      url: redis.url,
      minReplicas: redis.min_replicas,
      ...(redis.username === undefined ? {} : { username: redis.username }),
      ...(passwordFile === undefined ? {} : { passwordFile }),
      ...(tls === undefined ? {} : { tls }),
    },
    nats: {
      urls: nats.servers,
      monitorUrls: nats.monitor_urls,
      ...(nats.account === undefined ? {} : { account: nats.account }),
      ...(nats.username === undefined ? {} : { username: nats.username }),
      ...natsAccess.value,
    },
    records: { stream: records.stream, reserveBytes: records.reserve_bytes },
    headsFolder: headsFolder.value,
    stateFolder: stateFolder.value,
    bundlesFolder: at(config.bundles_folder),
  };
  const reached = await waysOf(deployed);
  return reached.ok ? ok(deployed) : reached;
}

/** The ways to Redis and NATS as their clients understand them. */
async function waysOf({ redis, nats }: Pick<Deployed, "redis" | "nats">) {
  const toRedis = pointed(await redisEndpointOf(redis), "/redis/url");
  if (!toRedis.ok) return toRedis;
  const toNats = pointed(await natsEndpointOf(nats), "/nats/servers");
  if (!toNats.ok) return toNats;
  return ok({ redis: toRedis.value.exposed, nats: toNats.value.exposed });
}

/**
 * What only `--check-config` looks at: the parts that a start waits for, the trust file and the folder of bundles, and ways to the servers
 * that a service takes for a reason never to be ready. Answers what is worth a note.
 */
export async function checkDeployed(deployed: Deployed): Promise<Result<readonly string[]>> {
  const { trust, stateFolder, bundlesFolder } = deployed;
  const ways = await waysOf(deployed);
  if (!ways.ok) return ways;
  for (const [pointer, exposed] of [
    ["/redis/url", ways.value.redis],
    ["/nats/servers", ways.value.nats],
  ] as const)
    if (exposed.length > 0)
      return fail("setting_invalid", `the service would never be ready: ${exposed.join(", ")}`, { pointer });
  const place = { path: trust.file, pins: trust.pins, stateFolder, clock: systemClock };
  const checked = pointed(await checkTrustFile(place), "/trust/file");
  if (!checked.ok) return checked;
  try {
    readdirSync(bundlesFolder);
  } catch {
    return fail("setting_missing", `cannot read the folder ${bundlesFolder}`, { pointer: "/bundles_folder" });
  }
  return ok([]);
}
