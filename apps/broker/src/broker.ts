import { type Agents, createAgents, createPossession, type Opened, type Possession } from "@seb/agents";
import { ok } from "@seb/schema";
import { createOpenBundles, type OpenBundles } from "./bundles.js";
import type { BrokerConfig } from "./config.js";
import { createExecutionIndex, type ExecutionIndex } from "./execution/index-of-records.js";
import { createOpenExecutions, type OpenExecutions } from "./execution/open.js";
import { type BrokerMetrics, createBrokerMetrics } from "./metrics.js";
import type { BrokerPorts } from "./ports.js";

/** All parts of the broker. What composes them takes it whole; everything else names the parts that it uses. */
export interface Broker extends Omit<BrokerPorts, "bundles" | "metrics"> {
  readonly config: BrokerConfig;
  readonly metrics: BrokerMetrics;
  readonly bundles: OpenBundles;
  /** Proofs of possession, each taken once. */
  readonly possession: Possession;
  /** Who asks, and whether they may. */
  readonly agents: Agents<Opened>;
  /** Executions of this process that are under way. */
  readonly running: OpenExecutions;
  /** What this broker's own records say of executions. */
  readonly index: ExecutionIndex;
}

/** Assembles the shared parts; nothing starts yet. */
export function createBroker(config: BrokerConfig, ports: BrokerPorts): Broker {
  const bundles = createOpenBundles(ports.bundles, ports.log);
  const possession = createPossession({
    clock: ports.clock,
    publicUrls: config.public_urls,
    maxAgeSeconds: config.proof_max_age_seconds,
  });
  const open = async (digest: string) => {
    const opened = await bundles.open(digest);
    return opened.ok ? ok({ bundle: opened.value }) : opened;
  };
  return {
    ...ports,
    config,
    metrics: createBrokerMetrics(ports.metrics),
    bundles,
    possession,
    agents: createAgents({ possession, status: ports.status, view: ports.view, open }),
    running: createOpenExecutions(),
    index: createExecutionIndex(),
  };
}
