import { accessSync, constants, readdirSync } from "node:fs";
import { dirname, resolve } from "node:path";
import type { RedisStoreOptions } from "@seb/authority/redis";
import type { NatsLinkOptions } from "@seb/records/nats";
import { type Code, fail, ok, type Result } from "@seb/schema";
import type { KeyFile, KeyRole } from "@seb/seal";
import { readConfig, readSecretFile, systemClock } from "@seb/service-kit";
import type { Static, TSchema } from "typebox";
import { readMountedKey } from "../key.js";
import { checkTrustFile, type Pins } from "../trust.js";
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

/** Looks at every file that the deployment names for the servers. Nothing is connected to. */
export function deploymentOf({ config, at }: SettingsFile<Deployment>): Result<Deployed> {
  const { trust, redis, nats, records } = config;
  if (trust.threshold > trust.owners.length)
    return fail("setting_invalid", "more signatures are asked for than there are owners", {
      pointer: "/trust/threshold",
    });
  const redisAccess = accessOf("redis", redis, at);
  if (!redisAccess.ok) return redisAccess;
  const natsAccess = accessOf("nats", nats, at);
  if (!natsAccess.ok) return natsAccess;
  const { passwordFile, tls } = redisAccess.value;
  return ok({
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
    headsFolder: at(records.heads_folder),
    stateFolder: at(config.state_folder),
    bundlesFolder: at(config.bundles_folder),
  });
}

/** The parts that a start waits for, and `--check-config` looks at: the trust file and the folder of bundles. */
export async function checkDeployed({ trust, stateFolder, bundlesFolder }: Deployed): Promise<Result<void>> {
  const place = { path: trust.file, pins: trust.pins, stateFolder, clock: systemClock };
  const checked = pointed(await checkTrustFile(place), "/trust/file");
  if (!checked.ok) return checked;
  try {
    readdirSync(bundlesFolder);
  } catch {
    return fail("setting_missing", `cannot read the folder ${bundlesFolder}`, { pointer: "/bundles_folder" });
  }
  return ok(undefined);
}

interface AccessFiles {
  readonly username?: string;
  readonly password_file?: string;
  readonly ca_file?: string;
  readonly cert_file?: string;
  readonly key_file?: string;
}

interface Access {
  readonly passwordFile?: string;
  readonly tls?: { readonly caFile?: string; readonly certFile?: string; readonly keyFile?: string };
}

function accessOf(section: string, files: AccessFiles, at: (path: string) => string): Result<Access> {
  const { username, password_file, ca_file, cert_file, key_file } = files;
  if ((username === undefined) !== (password_file === undefined))
    return fail("setting_invalid", "a user and its password file go together", {
      pointer: `/${section}/password_file`,
    });
  if ((cert_file === undefined) !== (key_file === undefined))
    return fail("setting_invalid", "a client certificate and its key go together", { pointer: `/${section}/key_file` });
  for (const [setting, path] of Object.entries({ password_file, key_file })) {
    const read = path === undefined ? ok("") : pointed(readSecretFile(at(path)), `/${section}/${setting}`);
    if (!read.ok) return read;
  }
  for (const [setting, path] of Object.entries({ ca_file, cert_file }))
    if (path !== undefined && !readable(at(path)))
      return fail("setting_missing", `cannot open ${at(path)}`, { pointer: `/${section}/${setting}` });
  const tls = {
    ...(ca_file === undefined ? {} : { caFile: at(ca_file) }),
    ...(cert_file === undefined ? {} : { certFile: at(cert_file) }),
    ...(key_file === undefined ? {} : { keyFile: at(key_file) }),
  };
  return ok({
    ...(password_file === undefined ? {} : { passwordFile: at(password_file) }),
    ...(Object.keys(tls).length === 0 ? {} : { tls }),
  });
}

function readable(path: string): boolean {
  try {
    accessSync(path, constants.R_OK);
    return true;
  } catch {
    return false;
  }
}
