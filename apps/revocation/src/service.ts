import { opensOf } from "@seb/schema";
import { createHttpService } from "@seb/service-kit";
import type { RevocationConfig } from "./config.js";
import { Journal } from "./journal/journal.js";
import type { Office } from "./orders/submit.js";
import type { RevocationPorts } from "./ports.js";
import { revocationRoutes } from "./routes.js";
import { type Heartbeat, startHeartbeat } from "./status/heartbeat.js";
import { Publisher } from "./status/publisher.js";

const DRAIN_MS = 5000;

/** A revocation service that can be started once and stopped once. */
export interface RevocationService {
  /** Publishes a first status, or begins trying to, then takes requests. */
  start(): Promise<{ readonly url: string; readonly port: number }>;
  /** Stops taking requests, lets those under way end, then stops the heartbeat. The ports are their owner's to close. */
  stop(): Promise<void>;
}

/**
 * The revocation service over its ports: no environment, no adapter, no file is touched here.
 * @throws when the order journal holds what this version cannot read.
 */
export async function createService(config: RevocationConfig, ports: RevocationPorts): Promise<RevocationService> {
  const journal = await Journal.open(ports.chain);
  const office: Office = { config, ports, journal, publisher: new Publisher(config, ports, journal) };
  let heartbeat: Heartbeat | undefined;
  const http = createHttpService({
    name: "revocation",
    host: config.host,
    port: config.port,
    routes: revocationRoutes(office),
    readiness: () => [...(ports.health?.() ?? []), ...notReady(heartbeat, journal)],
    opens: opensOf("revocation"),
    metrics: ports.metrics,
    log: ports.log,
    clock: ports.clock,
    onRefused: ({ code, requestId, route }) => {
      void ports.refusals.refuse(false, code, { request_id: requestId, route });
    },
  });
  return {
    async start() {
      heartbeat = startHeartbeat(office);
      await heartbeat.beat();
      return http.listen();
    },
    async stop() {
      await http.close({ drainMs: DRAIN_MS });
      await heartbeat?.stop();
      office.publisher.stop();
    },
  };
}

function notReady(heartbeat: Heartbeat | undefined, journal: Journal): readonly string[] {
  const reasons = [
    heartbeat === undefined ? "not_ready" : heartbeat.problem,
    journal.failed ? "record_failed" : undefined,
  ];
  return [...new Set(reasons.filter((reason) => reason !== undefined))];
}
