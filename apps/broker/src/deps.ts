import { deciderPorts, openServers } from "@seb/mounts/servers";
import { createSealer } from "@seb/seal";
import { need, type Round } from "@seb/service-kit";
import { openConnectors } from "./connectors.js";
import type { BrokerSettings } from "./main-config.js";
import type { StepHook } from "./ports.js";
import { type BrokerService, createService } from "./service.js";

/** Where the broker's ports meet Redis, NATS, the targets and its folders. `hook` is for tests that fail between two steps. */
export async function openBroker(settings: BrokerSettings, round: Round, hook?: StepHook): Promise<BrokerService> {
  const { service, keys, deployed, ceilings, digests } = settings;
  const { clock, closers } = round;
  const { stateFolder } = deployed;
  const connectors = need(
    await openConnectors(settings.targets, { stateFolder, nowMs: () => clock.nowMs() }),
    "targets",
  );
  for (const connector of connectors.values()) closers.add(() => connector.close());
  const who = { service: "broker", writer: service.instance, recordKey: keys.record };
  const servers = await openServers(deployed, who, round);
  return createService(service, {
    ...deciderPorts(servers, deployed, service.environment, round),
    observations: need(await createSealer("observation", keys.observation), "observation key"),
    store: servers.store.admission,
    connectors,
    ceilings,
    digests,
    ...(hook === undefined ? {} : { hook }),
  });
}
