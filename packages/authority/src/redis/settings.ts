/** What a store must be set to, so that an answered write survives and no history is quietly cut. */
const REQUIRED: Readonly<Record<string, string>> = {
  appendonly: "yes",
  appendfsync: "always",
  "no-appendfsync-on-rewrite": "no",
  "aof-load-truncated": "no",
  "maxmemory-policy": "noeviction",
  "replica-serve-stale-data": "no",
};

/** Names to ask for by CONFIG GET. */
export const SETTING_NAMES = [...Object.keys(REQUIRED), "min-replicas-to-write", "min-replicas-max-lag"] as const;

/** Lines of INFO as name and value. */
export function infoFields(text: string): ReadonlyMap<string, string> {
  const fields = new Map<string, string>();
  for (const line of text.split("\r\n")) {
    const colon = line.indexOf(":");
    if (colon > 0) fields.set(line.slice(0, colon), line.slice(colon + 1));
  }
  return fields;
}

/** Names and values in turn, as CONFIG GET answers. */
export function configFields(reply: readonly unknown[]): ReadonlyMap<string, string> {
  const fields = new Map<string, string>();
  for (let i = 0; i + 1 < reply.length; i += 2) fields.set(String(reply[i]), String(reply[i + 1]));
  return fields;
}

/**
 * Settings that make the store too weak, by name, in alphabetical order; none when it will do. A setting that was not answered counts
 * as weak.
 * @param minReplicas  replicas that must confirm a write, with at most one second of lag.
 */
export function weakSettings(
  config: ReadonlyMap<string, string>,
  info: ReadonlyMap<string, string>,
  minReplicas: number,
): readonly string[] {
  const weak = Object.keys(REQUIRED).filter((name) => config.get(name) !== REQUIRED[name]);
  if (!(numberOf(config, "min-replicas-to-write") >= minReplicas)) weak.push("min-replicas-to-write");
  const lag = numberOf(config, "min-replicas-max-lag");
  if (minReplicas > 0 && !(lag === 1)) weak.push("min-replicas-max-lag");
  // Several names in one CONFIG GET, and the ACL rules of infra/redis, came with 7.0.
  if (!(Number.parseInt(info.get("redis_version") ?? "", 10) >= 7)) weak.push("redis_version");
  if (info.get("role") !== "master") weak.push("role");
  if (info.get("aof_last_write_status") !== "ok") weak.push("aof_last_write_status");
  return weak.sort();
}

function numberOf(config: ReadonlyMap<string, string>, name: string): number {
  const text = config.get(name) ?? "";
  return /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
}
