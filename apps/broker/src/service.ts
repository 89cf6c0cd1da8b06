import { opensOf } from "@seb/schema";
import { createHttpService, type ShellRefusal } from "@seb/service-kit";
import { createBroker } from "./broker.js";
import type { BrokerConfig } from "./config.js";
import { startRecalling } from "./execution/recall.js";
import { startReconciling } from "./execution/reconcile.js";
import type { BrokerPorts } from "./ports.js";
import { brokerRoutes } from "./routes.js";

const DRAIN_MS = 10_000;

/** A broker that can be started once and stopped once. */
export interface BrokerService {
  start(): Promise<{ readonly url: string; readonly port: number }>;
  /** Stops taking requests, lets those under way end, then stops its watches. */
  stop(): Promise<void>;
}

/** The broker over its ports: no environment, no adapter, no file is touched here. */
export async function createService(config: BrokerConfig, ports: BrokerPorts): Promise<BrokerService> {
  const broker = createBroker(config, ports);
  for await (const record of ports.chain.history()) broker.index.fold(record);
  const http = createHttpService({
    name: "broker",
    host: config.host,
    port: config.port,
    signerUrl: config.signer_url,
    routes: brokerRoutes(broker),
    readiness: () => notReady(ports),
    opens: opensOf("broker"),
    metrics: ports.metrics,
    log: ports.log,
    clock: ports.clock,
    onRefused: (refusal) => void recordShellRefusal(ports, refusal),
  });
  let stopRecalling = () => {};
  let reconciling: { stop(): Promise<void> } | undefined;
  return {
    async start() {
      stopRecalling = startRecalling(broker);
      reconciling = startReconciling(broker);
      return http.listen();
    },
    async stop() {
      await http.close({ drainMs: DRAIN_MS });
      stopRecalling();
      await reconciling?.stop();
    },
  };
}

function notReady(ports: BrokerPorts): readonly string[] {
  const health = ports.health?.() ?? [];
  const status = ports.status.current();
  if (!status.ok) return [...health, status.error.code];
  return status.value.bundle === null ? [...health, "no_active_bundle"] : health;
}

/** What the HTTP shell refused itself counts like any stranger's refusal; that it could not be recorded is for the log alone. */
async function recordShellRefusal(ports: BrokerPorts, { code, requestId, route }: ShellRefusal): Promise<void> {
  try {
    const recorded = await ports.refusals.refuse(false, code, { request_id: requestId, route });
    if (!recorded.ok)
      ports.log.error({ request_id: requestId, code: recorded.error.code }, "a refusal was not recorded");
  } catch (thrown) {
    ports.log.error({ request_id: requestId, err: thrown }, "a refusal was not recorded");
  }
}
