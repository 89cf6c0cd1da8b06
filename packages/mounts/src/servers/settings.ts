import { closed, Thumbprint } from "@seb/schema";
import Type, { type Static } from "typebox";

/** A file or folder; relative to the folder of the settings file. */
export const Path = Type.String({ minLength: 1, maxLength: 1000 });
const Url = (schemes: string) => Type.String({ pattern: `^(?:${schemes})://[A-Za-z0-9.:\\[\\]-]+$`, maxLength: 300 });

/** The trust file, and whose signatures on it count. */
export const TrustSettings = closed({
  file: Path,
  /** Thumbprints of the owners' keys (RFC 7638). */
  owners: Type.Array(Thumbprint, { minItems: 1, maxItems: 16, uniqueItems: true }),
  /** Owners that must have signed. */
  threshold: Type.Integer({ minimum: 1, maximum: 16 }),
});

const TLS_FILES = {
  /** PEM bundle of the authorities that may vouch for the server. */
  ca_file: Type.Optional(Path),
  /** Client certificate and its key, PEM. */
  cert_file: Type.Optional(Path),
  key_file: Type.Optional(Path),
};

/** The shared store. */
export const RedisSettings = closed({
  url: Url("redis|rediss"),
  /** The service's own user of infra/redis; needs `password_file`. */
  username: Type.Optional(Type.String({ pattern: "^[A-Za-z0-9_.-]{1,64}$" })),
  password_file: Type.Optional(Path),
  ...TLS_FILES,
  /** Replicas that must confirm each write; 0 on a single node. */
  min_replicas: Type.Integer({ minimum: 0, maximum: 10 }),
});

/** The status feed and the record stream. */
export const NatsSettings = closed({
  /** Of one cluster. */
  servers: Type.Array(Url("nats|tls"), { minItems: 1, maxItems: 16 }),
  /** Base of each server's monitoring endpoint (`/jsz`): only there it is seen whether what is acknowledged is on the disk. */
  monitor_urls: Type.Array(Url("http|https"), { minItems: 1, maxItems: 16 }),
  /** Account that holds the streams; default that of infra/nats. */
  account: Type.Optional(Type.String({ pattern: "^[A-Z$][A-Z0-9_]{0,31}$" })),
  /** The service's own user of infra/nats; needs `password_file`. */
  username: Type.Optional(Type.String({ pattern: "^[A-Za-z0-9_.-]{1,64}$" })),
  password_file: Type.Optional(Path),
  ...TLS_FILES,
});

/** Where this service's chain of records goes. */
export const RecordSettings = closed({
  /** JetStream stream of the environment. */
  stream: Type.String({ pattern: "^[A-Z][A-Z0-9_]{0,63}$" }),
  /** Bytes of the stream kept free for records that finish what was begun; where it has no bound there is nothing to keep. */
  reserve_bytes: Type.Integer({ minimum: 0, maximum: 1_000_000_000_000 }),
  /** Second place of the heads; best on another disk or machine. */
  heads_folder: Path,
});

/** What every service is given by its deployment, besides its own settings and keys. */
export const DEPLOYMENT = {
  trust: TrustSettings,
  redis: RedisSettings,
  nats: NatsSettings,
  records: RecordSettings,
  /** The service's own folder: floors of trust and status, caches. Must survive restarts. */
  state_folder: Path,
  /** Control bundles, `<hex digest>.json` each. */
  bundles_folder: Path,
};
const Deployment = closed(DEPLOYMENT);
export type Deployment = Static<typeof Deployment>;
