import { openServers } from "@seb/mounts/servers";
import { createSealer } from "@seb/seal";
import { need, type Round } from "@seb/service-kit";
import type { RevocationSettings } from "./main-config.js";
import { createService, type RevocationService } from "./service.js";

/** Where the revocation service's ports meet Redis, NATS and its folders. */
export async function openRevocation(settings: RevocationSettings, round: Round): Promise<RevocationService> {
  const { service, keys, deployed } = settings;
  const who = { service: "revocation", writer: service.instance, recordKey: keys.record };
  const { own, store, feed, bundles, health } = await openServers(deployed, who, round);
  return createService(service, {
    ...own,
    sealer: need(await createSealer("status", keys.status), "status key"),
    writer: store.writer,
    feed,
    bundles,
    health,
  });
}
