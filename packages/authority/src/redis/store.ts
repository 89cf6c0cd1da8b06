import { ok, type Result } from "@seb/schema";
import type { AdmissionStore, ViewReader, ViewWriter } from "../port.js";
import { RedisAdmission } from "./admission.js";
import { RedisLink } from "./link.js";
import { endpointOf, type RedisStoreOptions } from "./options.js";
import { viewReader, viewWriter } from "./view.js";

/** The shared store on Redis. What a service may do with it is decided by its user (infra/redis/users.acl.template). */
export interface RedisStore {
  readonly admission: AdmissionStore;
  readonly reader: ViewReader;
  readonly writer: ViewWriter;
  /**
   * Why the store must not be relied on now; none when it may be. `store_unreachable`, `store_plaintext`, `store_anonymous`, or
   * `weak_store: <setting>`. While there is one of the last three, or there never was a connection, every call answers `store_unavailable`.
   */
  health(): readonly string[];
  close(): Promise<void>;
}

/** How long opening waits for a server that is there, in milliseconds. */
const FIRST_CONNECT_MS = 1000;

/**
 * Connects to the store and goes on trying in the background: a server that is not there yet is a reason in `health`, not a failure.
 * Plaintext or no user on an address that is not loopback is one as well, and no connection is made. Fails with `setting_invalid` when
 * the options or the files that they name are wrong.
 */
export async function openRedisStore(options: RedisStoreOptions): Promise<Result<RedisStore, "setting_invalid">> {
  const endpoint = endpointOf(options);
  if (!endpoint.ok) return endpoint;
  const { minReplicas = 0, settingsEveryMs = 2000, confirmMs = 1000 } = options;
  const link = new RedisLink({ endpoint: endpoint.value, minReplicas, settingsEveryMs });
  await link.start(FIRST_CONNECT_MS);
  return ok({
    admission: new RedisAdmission(link, confirmMs),
    reader: viewReader(link),
    writer: viewWriter(link, confirmMs),
    health: () => link.reasons(),
    close: async () => link.close(),
  });
}
